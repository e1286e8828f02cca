"""The program that we compare with: audinterface computes eGeMAPS functionals of the files listed in argv[1].

It is run as a separate process, and itself uses argv[2] processes.
"""

import sys
from pathlib import Path

import opensmile


def main(listed: str, workers: str) -> None:
    """Compute the table of functionals, and print its size."""
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
        num_workers=int(workers),
        multiprocessing=True,
    )
    print(smile.process_files(Path(listed).read_text().split("\n")).shape)


if __name__ == "__main__":
    main(*sys.argv[1:])
