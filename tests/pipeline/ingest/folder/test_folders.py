"""What the names of folders say."""

from pathlib import PurePosixPath

import pytest

from pipeline.ingest.folder.folders import folder_columns


def columns(*folders: str, files: int = 3) -> dict[str, list[str]]:
    found = folder_columns([PurePosixPath(folder, f"{i}.wav") for folder in folders for i in range(files)])
    return {name: list(dict.fromkeys(cells)) for name, cells in found.items()}


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (("happy", "sad"), {"label": ["happy", "sad"]}),
        (("clips/happy", "clips/sad"), {"label": ["happy", "sad"]}),
        (("s1", "s2"), {"speaker": ["s1", "s2"]}),
        (("Actor_01", "Actor_02"), {"speaker": ["Actor_01", "Actor_02"]}),
        (("01", "02"), {"speaker": ["01", "02"]}),
        (("s1/happy", "s1/sad", "s2/happy", "s2/sad"), {"speaker": ["s1", "s2"], "label": ["happy", "sad"]}),
        (
            ("train/happy", "train/sad", "test/happy", "test/sad"),
            {"split": ["train", "test"], "label": ["happy", "sad"]},
        ),
        (("train", "dev", "test"), {"split": ["train", "dev", "test"]}),
        (("clips",), {}),
        ((".",), {}),
        (("happy", "sad/deep"), {}),  # not equally deep
        (("s1", "speakers"), {}),  # some are numbered people, some are not
        (("happy/x", "happy/y", "sad/x", "sad/z"), {}),  # two levels of labels
    ],
)
def test_folders_are_people_parts_or_labels(folders: tuple[str, ...], expected: dict[str, list[str]]) -> None:
    assert columns(*folders) == expected


def test_a_folder_for_each_recording_says_nothing() -> None:
    assert columns("anna", "ben", "carl", files=1) == {}


def test_there_may_be_no_recording() -> None:
    assert folder_columns([]) == {}
