"""All streams and default features of real clips: the same whatever computes them, and in whatever order."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from features.store import open_store
from tests.conftest import BLOCK, DATA, align_words, needs_data, outputs, run, shell, write_csv

pytestmark = needs_data

CLIPS = (
    "grid/s1/bbaf2n.mpg",
    "ravdess/av/01-01-08-01-01-02-01.mp4",
    "edge/no_audio.mp4",
    "edge/no_face.mp4",
    "grid/s1/bbbs5s.mpg",
)
AGAIN = "bbaf2n"  # this clip is computed again, without workers


def corpus(folder: Path, clips: Sequence[Path]) -> Path:
    rows, words = [], []
    for i, clip in enumerate(clips):
        timed = align_words(clip.with_suffix(".align")) if clip.with_suffix(".align").exists() else []
        text = " ".join(word for word, _, _ in timed) or "Nobody wrote this down."
        rows.append((clip, clip.stem, text, "ab"[i % 2], f"s{i % 2}"))
        words += [(clip.stem, *word) for word in timed]
    write_csv(folder / "real" / "manifest.csv", ("media", "utterance", "text", "label", "speaker"), rows)
    write_csv(folder / "real" / "words.csv", ("utterance", "word", "start", "end"), words)
    (folder / "params.yaml").write_text(BLOCK.format(name="real", max_failed=0, task="classification"))
    run("prepare", cwd=folder)
    return folder


def computed(folder: Path, workers: int) -> Path:
    for stage in ("preprocess", "extract"):
        shell(stage, "--workers", str(workers), cwd=folder)
    return folder


def by_utterance(folder: Path) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Return the key, status and digest of each utterance of each store."""
    found = {}
    for path in sorted((folder / "data" / "work" / "real").glob("*/*.h5")):
        with open_store(path) as store:
            for i, name in enumerate(store.utterances):
                found[path.stem, name] = store.keys[i], store.statuses[i], store.digest_of(i)
    return found


def test_none_one_and_two_workers_give_the_same_in_any_order(tmp_path: Path) -> None:
    clips = [DATA / clip for clip in CLIPS]
    if not all(clip.exists() for clip in clips):
        pytest.skip("some of these clips are not there")
    two = computed(corpus(tmp_path / "two", clips), 2)
    one = computed(corpus(tmp_path / "one", clips[::-1]), 1)
    whole = by_utterance(two)
    assert len(whole) == 13 * len(clips)  # three streams, ten extractors
    assert by_utterance(one) == whole
    before = outputs(two, "real")
    keys = {key for (_, name), (key, _, _) in whole.items() if name == AGAIN}
    forgotten = [path for path in (two / "data" / "cache").rglob("*.clip") if path.stem in keys]
    assert len(forgotten) > 8
    for path in forgotten:
        path.unlink()
    for stage in ("preprocess", "extract"):
        run(stage, cwd=two)
    assert outputs(two, "real") == before
