"""The options of `import frames`, and the import itself."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from pipeline.commands.common import load


class Rate(click.ParamType[float | str]):
    """The type of an option: frames per second, such as ``25`` or ``30000/1001``, or the word ``recording``."""

    name = "RATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """Return the rate as a number, or ``recording`` unchanged; anything else ends the command with a message."""
        from fractions import Fraction

        if value == "recording":
            return "recording"
        try:
            rate = float(Fraction(str(value)))
        except (ValueError, ZeroDivisionError, OverflowError):
            rate = 0.0
        if not rate > 0:
            self.fail(f"{value!r} must be frames per second, such as 25 or 30000/1001, or 'recording'", param, ctx)
        return rate


_OPTIONS = (
    click.option(
        "--modality", type=click.Choice(["text", "audio", "video"]), help="With frames: modality of the features."
    ),
    click.option("--store", default="", help="With frames: name of the features.  [default: the folder's name]"),
    click.option("--time", default="", help="With frames: column of times; with --fps, column of frame numbers."),
    click.option("--unit", type=click.Choice(["s", "ms"]), help="With frames: unit of the times.  [default: s]"),
    click.option(
        "--fps", type=Rate(), help="With frames: frame rate if no column has times; `recording`: each recording's own."
    ),
    click.option(
        "--prefix",
        "prefixes",
        multiple=True,
        help="With frames: prefix or pattern of the columns, such as AU or 'AU*_r'.",
    ),
    click.option("--confidence", default="", help="With frames: column of the tool's confidence."),
    click.option(
        "--min-confidence",
        type=click.FloatRange(0),
        help="With frames: frames with a lower confidence count as failed.  [default: 0.5]",
    ),
    click.option("--face", default="", help="With frames: column of face ids, if a frame may show several faces."),
)
OWN = ("modality", "store", "time", "unit", "fps", "prefixes", "confidence", "min_confidence", "face")


def frame_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add to a command the options that only `import frames` uses."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def taken(given: dict[str, Any]) -> dict[str, Any]:
    """Remove from `given` the options that only `import frames` uses, and return them."""
    return {name: given.pop(name) for name in OWN}


def refuse_given(given: Mapping[str, Any], form: str) -> None:
    """Raise `UserError` if any option was given that the format does not use; the message names all such options."""
    from pipeline.errors import UserError

    context = click.get_current_context()
    options = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    unused = [options[name] for name, value in given.items() if value or (value == 0 and value is not False)]
    if unused:
        raise UserError(f"import {form} does not use {', '.join(unused)}: run it without")


def import_frames(params_path: Path, path: Path, into: str, match: str, own: Mapping[str, Any]) -> list[str]:
    """Import a folder of tables with one row per frame into the corpus `into`, and return the lines to print.

    `own` holds the options that only `import frames` uses, and `match` is the value of ``--match``.
    """
    from pipeline.errors import UserError
    from pipeline.exchange.frames.columns import FrameOptions
    from pipeline.exchange.frames.importing import import_frames as run

    if not own["modality"]:
        raise UserError("import frames needs --modality: text, audio or video")
    prefixes = tuple(prefix.strip() for given in own["prefixes"] for prefix in given.split(",") if prefix.strip())
    least = FrameOptions.min_confidence if own["min_confidence"] is None else own["min_confidence"]
    options = FrameOptions(
        time=own["time"],
        unit=own["unit"] or "",
        fps=own["fps"],
        prefixes=prefixes,
        confidence=own["confidence"],
        min_confidence=least,
        face=own["face"],
        match=match,
    )
    return run(load(params_path), path, into, own["modality"], options, own["store"])
