"""Compute eGeMAPS functionals with audinterface: argv[1] is a file that lists sounds, argv[2] a number of processes.

`benchmarks.peers.smile` runs this program as a separate process, and compares crossmodal with it.
"""

import sys
from pathlib import Path

import opensmile


def main(listed: str, workers: str) -> None:
    """Compute the functionals of the files that the file `listed` names, and print how many files and functionals."""
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
        num_workers=int(workers),
        multiprocessing=True,
    )
    print(smile.process_files(Path(listed).read_text().split("\n")).shape)


if __name__ == "__main__":
    main(*sys.argv[1:])
