"""Names of recordings as people write them."""

from dataclasses import dataclass
from pathlib import PurePosixPath

import pytest

from pipeline.ingest.folder.names import Names


@dataclass(frozen=True)
class File:
    place: PurePosixPath


def names(*places: str) -> Names[File]:
    return Names([File(PurePosixPath(place)) for place in places])


def meant(found: Names[File], name: str) -> list[str]:
    return [file.place.as_posix() for file in found.meant(name)]


@pytest.mark.parametrize(
    "name",
    ["s1/a.mp4", "a.mp4", "a", "A.MP4", "s1/a", "./s1/a.mp4", "s1\\a.mp4", "C:\\clips\\s1\\a.mp4", "/x/clips/s1/a.mp4",
     "a.wav", "s1/a.avi"],
)  # fmt: skip
def test_a_recording_is_found_however_its_name_is_written(name: str) -> None:
    assert meant(names("s1/a.mp4", "s1/b.mp4"), name) == ["s1/a.mp4"]


@pytest.mark.parametrize("name", ["s2/a.mp4", "/x/s2/a", "c.mp4", "", ".", "a.b", "s1", "a.txt"])
def test_another_name_or_folder_means_nothing(name: str) -> None:
    assert meant(names("s1/a.mp4", "s1/b.mp4"), name) == []


def test_a_name_in_several_folders_means_all_of_them_unless_the_folder_is_given() -> None:
    found = names("s1/a.mp4", "s2/a.mp4")
    assert meant(found, "a.mp4") == ["s1/a.mp4", "s2/a.mp4"]
    assert meant(found, "s2/a") == ["s2/a.mp4"]


def test_a_suffix_distinguishes_files_of_one_name() -> None:
    found = names("a.mp4", "a.wav")
    assert meant(found, "a.wav") == ["a.wav"]
    assert meant(found, "a") == ["a.mp4", "a.wav"]


def test_a_spreadsheet_takes_leading_zeros_away() -> None:
    found = names("001.mp4", "010.mp4")
    assert meant(found, "1") == ["001.mp4"]
    assert meant(found, "10") == ["010.mp4"]
    assert meant(found, "100") == []


def test_points_inside_a_name_are_not_a_suffix() -> None:
    assert meant(names("a.v2.mp4", "a.v3.mp4"), "a.v2") == ["a.v2.mp4"]


def test_unicode_forms_are_the_same_name() -> None:
    assert meant(names("ju\u0308rgen.mp4"), "J\u00fcrgen") == ["ju\u0308rgen.mp4"]
