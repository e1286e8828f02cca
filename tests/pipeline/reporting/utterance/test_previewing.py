"""The previews of a corpus: made once, kept, and said where they cannot be made."""

from pathlib import Path

from pipeline.reporting.utterance.preview import PreviewStep
from pipeline.reporting.utterance.previewing import previews
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params
from tests.pipeline.reporting.looked_at import HOSTILE


def test_they_hold_what_was_trimmed_and_found_and_are_made_once(looking: Params, monkeypatch: object) -> None:
    found = previews(looking, "c", Pool(0), pictures=True)
    assert set(found.keys) == {"a", HOSTILE, "broken"}  # a row without a recording has no preview
    one = found.of("a")
    assert one is not None
    start, end = one.facts["sound"]["kept"]
    assert 0.1 < start < 0.35  # the first word begins at 0.27 s, the last one ends at 2.38 s
    assert 2.2 < end < 2.6
    assert all(score > 0.5 for score in one.facts["faces"]["scores"])
    assert one.facts["faces"]["shown"][0]["others"] == []
    broken = found.of("broken")
    assert broken is not None
    assert broken.clip == b""
    assert "broken.mp4" in broken.facts["clip"]["note"]

    def fail(*_: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(PreviewStep, "compute", fail)  # type: ignore[attr-defined]
    assert previews(looking, "c", Pool(0), pictures=True) == found


def test_without_pictures_neither_faces_nor_voices_are_kept(looking: Params) -> None:
    one = previews(looking, "c", Pool(0), pictures=False, only="a").of("a")
    assert one is not None
    assert (one.strip, one.clip) == (b"", b"")
    assert one.facts["faces"]["scores"]


def test_the_corpus_is_left_as_it_is(looking: Params) -> None:
    before = sorted(path.name for path in Path("data/work/c").rglob("*"))
    previews(looking, "c", Pool(0), pictures=True)
    assert sorted(path.name for path in Path("data/work/c").rglob("*")) == before
