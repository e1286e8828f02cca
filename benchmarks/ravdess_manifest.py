"""Link RAVDESS clips into a folder, with a manifest.csv of the emotions and actors that their names state."""

import csv
import sys
from pathlib import Path

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")


def rows(clips: Path) -> list[tuple[Path, str, str]]:
    """Return (path, emotion, actor) of every clip below `clips`, by name.

    A name is seven numbers: modality-channel-emotion-intensity-statement-repetition-actor (Livingstone, Russo, 2018).
    """
    found = []
    for path in sorted(clips.rglob("*-*-*-*-*-*-*.*")):
        parts = path.stem.split("-")
        found.append((path.resolve(), EMOTIONS[int(parts[2]) - 1], parts[6]))
    return found


def main() -> None:
    """Run as ``python -m benchmarks.ravdess_manifest CLIPS FOLDER``."""
    if len(sys.argv) != 3:
        sys.exit("usage: python -m benchmarks.ravdess_manifest CLIPS FOLDER  (links the clips into FOLDER)")
    clips, folder = Path(sys.argv[1]), Path(sys.argv[2])
    found = rows(clips)
    if not found:
        sys.exit(f"{clips} holds no RAVDESS clips: their names are like 03-01-05-02-01-01-12.wav")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("media", "emotion", "actor", "speaker"))
        for path, emotion, actor in found:
            writer.writerow((path.name, emotion, actor, actor))
            if not (folder / path.name).exists():
                (folder / path.name).symlink_to(path)
    print(f"{folder / 'manifest.csv'}: {len(found)} clips of {len({row[2] for row in found})} actors")


if __name__ == "__main__":
    main()
