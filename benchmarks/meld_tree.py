"""Make a folder with the layout of MELD.Raw from MELD's own CSV files and other real clips, renamed like MELD's clips.

It is for testing the reader, the streams and the speed at full size without MELD's clips. The CSV files list the names.
The documented faults (a missing clip, one that cannot be decoded, unlisted clips, test clips that exist twice,
stray files) are made on purpose. Clips are hard links where the file system allows it.

    python -m benchmarks.meld_tree SHEETS CLIPS... TARGET
"""

import csv
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

FOLDERS = {"train": "train_splits", "dev": "dev_splits_complete", "test": "output_repeated_splits_test"}
MISSING = {"dev": {"dia110_utt7"}}
UNDECODABLE = {"train": {"dia125_utt3"}}
EXTRA = {
    "dev": ("dia49_utt4", "dia49_utt5", "dia66_utt9", "dia66_utt10"),
    "test": ("dia93_utt5", "dia93_utt6", "dia93_utt7", "dia108_utt1", "dia108_utt2"),
}
TWINS = 132  # number of test clips that exist twice, counted from the first


def make(sheets: Path, clips: Sequence[Path], target: Path) -> None:
    """Write MELD's folders to `target`: the CSV files in `sheets`, a clip for each of their rows, and the known faults.

    `clips` are the files that become the clips, in turn.
    """
    for split, name in FOLDERS.items():
        folder = target / name
        folder.mkdir(parents=True)
        shutil.copyfile(sheets / f"{split}_sent_emo.csv", target / f"{split}_sent_emo.csv")
        names = [stem for stem in _stems(sheets / f"{split}_sent_emo.csv") if stem not in MISSING.get(split, set())]
        for i, stem in enumerate([*names, *EXTRA.get(split, ())]):
            if stem in UNDECODABLE.get(split, set()):
                (folder / f"{stem}.mp4").write_bytes(b"\x00" * 4096)
            else:
                _link(clips[i % len(clips)], folder / f"{stem}.mp4")
        if split == "test":
            for i, stem in enumerate(names[:TWINS]):
                _link(clips[(i + 1) % len(clips)], folder / f"final_videos_test{stem}.mp4")
        (folder / "._dia0_utt0.mp4").write_bytes(b"Mac OS X")


def _stems(sheet: Path) -> Iterator[str]:
    with sheet.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield f"dia{row['Dialogue_ID']}_utt{row['Utterance_ID']}"


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    make(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:-1]], Path(sys.argv[-1]))
