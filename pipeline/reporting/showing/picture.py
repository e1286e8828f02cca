"""Draw one utterance as a picture for a paper or a terminal: frames, sound, pitch, words, and predictions."""

import textwrap
import warnings
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np

from features.video.images import read_jpeg
from pipeline.foreign import one_line
from pipeline.reporting.utterance.facts import Facts
from pipeline.reporting.utterance.preview import Preview

_TEXT, _AUDIO, _VIDEO, _FUSION, _GREY, _MARK = "#0072b2", "#b34a00", "#00734f", "#6a3d9a", "#777777", "#fff3c4"
_COLOURS = {"text": _TEXT, "audio": _AUDIO, "video": _VIDEO}
_WIDTH, _DPI = 9.0, 150  # inches, and pixels per inch
_WORDS_PER_ROW = 3  # lines over which the words are spread


def picture(facts: Facts, preview: Preview, predictions: Mapping[str, Any] | None) -> bytes:
    """Return the picture as PNG; unknown facts are left out.

    Parameters
    ----------
    facts
        The facts from `facts_of`.
    preview
        The frames of the utterance.
    predictions
        The predictions from `shown.only`; None if there are none.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = _rows(facts, preview, predictions)
    heights = [height for height, _ in rows]
    figure = Figure(figsize=(_WIDTH, sum(heights) + 0.35 * len(heights) + 1.1), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    if rows:
        axes = figure.subplots(len(rows), 1, gridspec_kw={"height_ratios": heights}, squeeze=False)[:, 0]
        for axis, (_, draw) in zip(axes, rows, strict=True):
            draw(axis)
    said = one_line(facts["text"]) or "no transcript"
    title = [
        one_line(facts["id"]) + (f" ({one_line(facts['label'])})" if facts["label"] else ""),
        *textwrap.wrap(said, 100)[:3],
    ]
    figure.suptitle("\n".join(title), x=0.02, ha="left", fontsize=11, parse_math=False)
    file = BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # the font lacks the characters of some scripts
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _rows(facts: Facts, preview: Preview, predictions: Mapping[str, Any] | None) -> list[tuple[float, Any]]:
    """Return the height in inches of each row of the picture, and the function that draws the row."""
    from functools import partial

    from pipeline.reporting.showing.shown import detailed

    sound, rows = facts["sound"], []
    if preview.strip:
        rows.append((1.5, partial(_frames, facts=facts, strip=preview.strip)))
    if sound.get("wave") and facts["seconds"]:
        rows.append((1.0, partial(_wave, facts=facts)))
    if sound.get("curves", {}).get("times"):
        rows.append((0.9, partial(_curves, facts=facts)))
    if any(word[1] is not None for word in facts["words"]) and facts["seconds"]:
        rows.append((0.7, partial(_words, facts=facts)))
    if predictions and predictions["classes"]:
        shown = [row for row in detailed(predictions) if "shares" in row]
        if shown:
            height = 0.3 + 0.22 * len(shown)
            rows.append((height, partial(_shares, rows=shown, block=predictions)))
    return rows


def _frames(axis: Any, facts: Facts, strip: bytes) -> None:
    from matplotlib.patches import Rectangle

    image, frames = read_jpeg(strip), facts["faces"]["shown"]
    width, height = image.shape[1] / len(frames), image.shape[0]
    axis.imshow(image)
    for place, frame in enumerate(frames):
        boxes = [(frame["box"], _VIDEO, "-")] if frame["box"] else []
        boxes += [(box, _AUDIO, "--") for box in frame["others"] or ()]
        for (x, y, across, down), colour, style in boxes:
            at = ((place + x) * width, y * height)
            axis.add_patch(Rectangle(at, across * width, down * height, fill=False, ec=colour, ls=style, lw=1.5))
        if frame["frame"] is not None:
            time, score, ran = (facts["faces"][name][frame["frame"]] for name in ("times", "scores", "detected"))
            label = f"{time:.2f} s, " + ("no face" if score is None else f"{score:.2f}" if ran else "followed")
            axis.text((place + 0.5) * width, height * 1.03, label, ha="center", va="top", fontsize=7)
    sampled = any(frame["frame"] is not None for frame in frames)
    title = (
        "sampled frames: time, score of the followed face where the detector ran"
        if sampled
        else "frames of the recording; no face is followed"
    )
    axis.set_title(title, loc="left", fontsize=8)
    axis.axis("off")


def _wave(axis: Any, facts: Facts) -> None:
    sound, total = facts["sound"], facts["seconds"]
    wave = np.array(sound["wave"], float).reshape(-1, 2) / 100
    times = (np.arange(len(wave)) + 0.5) / len(wave) * total
    if kept := sound.get("kept"):
        axis.axvspan(0, kept[0], color=_MARK)
        axis.axvspan(min(kept[1], total), total, color=_MARK)
    axis.vlines(times, wave[:, 0], wave[:, 1] + 1e-3, color=_AUDIO, lw=0.8)
    peak = "" if sound["peak_db"] is None else f", peak {sound['peak_db']} dB"
    gain = f"; gain {sound['gain_db']:+.1f} dB" if "gain_db" in sound else ""
    axis.set_title(f"sound before cleaning{peak}{gain}; shaded: trimmed", loc="left", fontsize=8)
    axis.set_yticks([])
    _over_time(axis, total)


def _curves(axis: Any, facts: Facts) -> None:
    curves = facts["sound"]["curves"]
    times = curves["times"]
    axis.plot(times, [np.nan if v is None else v for v in curves["level"]], color=_AUDIO, lw=1.2)
    axis.set_ylabel("level, dB", color=_AUDIO, fontsize=7)
    other = axis.twinx()
    other.plot(times, [np.nan if v is None else v for v in curves["pitch"]], ".", color=_FUSION, ms=3)
    other.set_ylabel("pitch, Hz", color=_FUSION, fontsize=7)
    other.tick_params(labelsize=7)
    _over_time(axis, facts["seconds"])


def _words(axis: Any, facts: Facts) -> None:
    timed = [word for word in facts["words"] if word[1] is not None]
    for place, (word, start, end) in enumerate(timed):
        y = -(place % _WORDS_PER_ROW)
        axis.plot([start, max(end, start + 0.01)], [y - 0.35] * 2, color=_TEXT, lw=1.5)
        axis.text(start, y, one_line(word), fontsize=7, va="center", parse_math=False, clip_on=True)
    source = facts["sources"].get("words_source") or "given"
    axis.set_title(f"words ({source})", loc="left", fontsize=8)
    axis.set_ylim(-_WORDS_PER_ROW + 0.3, 0.7)
    axis.set_yticks([])
    _over_time(axis, facts["seconds"])
    axis.set_xlabel("seconds from the start of the utterance", fontsize=7)


def _shares(axis: Any, rows: list[Mapping[str, Any]], block: Mapping[str, Any]) -> None:
    truth = block["classes"][block["truth"][0]]
    names = []
    for place, row in enumerate(rows):
        left = 0
        colour = _COLOURS.get("+".join(row["modalities"]), _FUSION)
        for i, (name, share) in enumerate(zip(block["classes"], row["shares"], strict=True)):
            axis.barh(
                place, share, left=left, color=colour, alpha=1 - 0.7 * i / max(1, len(block["classes"]) - 1), ec="white"
            )
            if share >= 12:
                text = f"{one_line(name)} {share} %"
                light = i > 0 and len(block["classes"]) > 1 and i >= len(block["classes"]) / 2
                axis.text(left + share / 2, place, text, ha="center", va="center", fontsize=7,
                          color="black" if light else "white", parse_math=False)  # fmt: skip
            left += share
        names.append(row["name"])
    axis.set_yticks(range(len(rows)), names, fontsize=7)
    axis.invert_yaxis()
    axis.set_xlim(0, 100)
    axis.set_title(f"probabilities in percent; truth: {one_line(truth)}", loc="left", fontsize=8, parse_math=False)
    axis.tick_params(labelsize=7)


def _over_time(axis: Any, total: float) -> None:
    axis.set_xlim(0, total)
    axis.tick_params(labelsize=7)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color(_GREY)
