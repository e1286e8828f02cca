"""A face whose movements are known at every moment, and the tables that four tools would write of it."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]


def smile(times: Times) -> Times:
    """Return the action unit 12 of the face, from 0 to 5."""
    return np.asarray(2.5 + 2 * np.sin(1.7 * times))


def frown(times: Times) -> Times:
    """Return the action unit 4 of the face, from 0 to 5."""
    return np.asarray(1 + np.cos(0.9 * times))


def lost(times: Times) -> NDArray[np.bool_]:
    """Return when no tool finds the face: from 1.0 to 1.5 s."""
    return (times >= 1 - 1e-9) & (times < 1.5 - 1e-9)


def table(path: Path, header: str, rows: Sequence[str], end: str = "\n") -> Path:
    """Write a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(end.join([header, *rows, ""]).encode())
    return path


def openface2(
    path: Path, rate: float, seconds: float, *, gaps: Collection[int] = (), unsure: Collection[int] = ()
) -> Path:
    """Write a table of OpenFace 2: frames from 1, spaces after commas, zeros and success 0 where the face is lost.

    The frames in `gaps` are missing, as after a broken decoder; those in `unsure` have a confidence of 0.3.
    """
    times = np.arange(round(rate * seconds)) / rate
    rows = []
    for i, (time, gone) in enumerate(zip(times, lost(times), strict=True)):
        confidence = 0.02 if gone else 0.3 if i in unsure else 0.98
        au12, au04 = (0.0, 0.0) if gone else (smile(time), frown(time))
        if i not in gaps:
            rows.append(
                f"{i + 1}, 0, {time:.6f}, {confidence}, {int(not gone)}, 0.109, {311.5 + i}, {-62.3 - i}, {au04:.7f}, "
                f"{au12:.7f}, {float(au12 > 2.5)}"
            )
    return table(
        path, "frame, face_id, timestamp, confidence, success, gaze_0_x, x_0, X_0, AU04_r, AU12_r, AU12_c", rows
    )


def py_feat(path: Path, rate: float, seconds: float, every: int = 1) -> Path:
    """Write a table of py-feat 2: frames from 0, whole seconds, nothing but the frame where the face is lost."""
    rows = []
    for i in range(0, round(rate * seconds), every):
        time = np.array(i / rate)
        clock, name = f"{int(time // 60):02d}:{int(time % 60):02d}", f"/videos/{path.stem}.mp4"
        if lost(time):
            rows.append(f",,,,,{name},{i},{clock},")
        else:
            rows.append(f"196.9,140.9,0.9996,{frown(time):.7f},{smile(time):.7f},{name},{i},{clock},Person_0")
    return table(path, "FaceRectX,FaceRectY,FaceScore,AU04,AU12,input,frame,approx_time,Identity", rows)


def libreface(path: Path, rate: float, seconds: float, *, unit: float = 1.0) -> Path:
    """Write a table of LibreFace: rows without a face are missing; the "milliseconds" of version 0.2 are seconds."""
    times = np.arange(round(rate * seconds)) / rate
    rows = [
        f"{i},{time * unit!r},0.1,{frown(time):.7f},{smile(time):.7f},Happiness"
        for i, time in enumerate(times.tolist())
        if not lost(np.array(time))
    ]
    return table(path, "frame_idx,frame_time_in_ms,yaw,au_4_intensity,au_12_intensity,facial_expression", rows)


def openface3(path: Path, rate: float, seconds: float) -> Path:
    """Write a table of OpenFace 3: the time of day at which it ran, lists in cells, nothing where the face is lost."""
    rows = []
    for i in range(round(rate * seconds)):
        time = np.array(i / rate)
        known = f"2026-02-01 12:00:{i // 10 % 60:02d},/videos/{path.stem}.mp4,{i}"
        units = f'"[[{frown(time):.7f}, {smile(time):.7f}]]"'
        rows.append(f"{known},,,,," if lost(time) else f'{known},0,"[10.5, 20.5, 80.0, 90.0, 0.99]",3,0.25,{units}')
    return table(path, "timestamp,video_path,frame_index,face_id,face_detection,emotion,gaze_yaw,action_units", rows)


def statistics(times: Times, *measures: Callable[[Times], Times]) -> Times:
    """Return mean and deviation of each measure over the frames at these times: all means first."""
    values = np.stack([measure(times) for measure in measures], axis=1)
    return np.concatenate([values.mean(axis=0), values.std(axis=0)])
