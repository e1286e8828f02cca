"""Lists of extractors and corpora, and the cache keys in use."""

from pathlib import Path

from tests.conftest import grid_corpus, needs_data, run


@needs_data
def test_lists_and_stores_describe_themselves(tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path, 4)
    listed = run("features", "list", cwd=folder).stdout
    assert "eGeMAPSv02" in listed
    assert "face_cnn" in listed
    run("prepare", cwd=folder)
    run("preprocess", "--modality", "audio", cwd=folder)
    shown = run("features", "show", "data/work/grid/streams/audio.h5", cwd=folder).stdout
    assert "4 (4 ok)" in shown
    assert '"level_db": -23.0' in shown
    assert "rate_hz: 16000" in shown
