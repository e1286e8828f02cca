"""Compute eGeMAPS functionals with audinterface for the files that the file argv[1] lists, in argv[2] processes.

`benchmarks.peers.smile` runs this program as a separate process, and compares crossmodal with it.
"""

import sys
from pathlib import Path

import opensmile


def main(listed: str, workers: str) -> None:
    """Compute the table of functionals, and print its shape (files, functionals)."""
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
        num_workers=int(workers),
        multiprocessing=True,
    )
    print(smile.process_files(Path(listed).read_text().split("\n")).shape)


if __name__ == "__main__":
    main(*sys.argv[1:])
