"""Link GRID clips into a folder, with a manifest.csv of the spoken command and a words.csv of its timed words."""

import csv
import sys
from pathlib import Path

from benchmarks.tools.recordings import Recording, grid_recording

COMMANDS = {"b": "bin", "l": "lay", "p": "place", "s": "set"}  # the first letter of a clip's name (Cooke et al., 2006)


def rows(clips: Path) -> list[tuple[Recording, str]]:
    """Return every clip of `clips` that has an .align file, by name, with its command."""
    found = [path for path in sorted(clips.glob("*.mpg")) if path.with_suffix(".align").exists()]
    return [(grid_recording(path), COMMANDS[path.name[0]]) for path in found]


def main() -> None:
    """Run as ``python -m benchmarks.grid_manifest CLIPS FOLDER``."""
    if len(sys.argv) != 3:
        sys.exit("usage: python -m benchmarks.grid_manifest CLIPS FOLDER  (links the clips into FOLDER)")
    clips, folder = Path(sys.argv[1]), Path(sys.argv[2])
    found = rows(clips)
    if not found:
        sys.exit(f"{clips} holds no GRID clips: their names are like bbaf2n.mpg, with bbaf2n.align next to them")
    folder.mkdir(parents=True, exist_ok=True)
    for recording, _ in found:
        if not (folder / recording.path.name).exists():
            (folder / recording.path.name).symlink_to(recording.path.resolve())
    lines = [(recording.path.name, recording.name, recording.text, command) for recording, command in found]
    _write(folder / "manifest.csv", [("media", "utterance", "text", "command"), *lines])
    words = [(recording.name, *word) for recording, _ in found for word in recording.words]
    _write(folder / "words.csv", [("utterance", "word", "start", "end"), *words])
    print(f"{folder / 'manifest.csv'}: {len(found)} clips; {folder / 'words.csv'}: {len(words)} words")


def _write(path: Path, lines: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)


if __name__ == "__main__":
    main()
