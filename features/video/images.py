"""Helpers for video extractors: read pictures, compute times of rows and head angles, and load mediapipe quietly."""

import math
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import ExtractorError
from features.types import TimeArray

Picture = NDArray[np.uint8]


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Silence file descriptor 2, where mediapipe's C++ code writes messages at any log level.

    Use this only to build a graph and run it once, because messages of other threads are lost meanwhile.
    """
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def load_mediapipe() -> Any:
    """Import mediapipe, and suppress the warning that its protobuf messages raise on first use."""
    warnings.filterwarnings("ignore", message="SymbolDatabase.GetPrototype", category=UserWarning)
    import mediapipe

    return mediapipe


def run_graph(graph: Any, inputs: Mapping[str, Any], output: str) -> Any:
    """Run a graph of mediapipe on one picture, and return the packet of its stream `output`; None if there is none.

    ``SolutionBase.process`` does the same, but also defines a class for each picture and converts every message.

    Parameters
    ----------
    graph
        A ``SolutionBase``.
    inputs
        What the graph reads, keyed by the names of its input streams: the picture ``(height, width, 3)``, and True or
        False for each stream that switches a part of the graph on or off.
    output
        The name of the output stream.
    """
    graph._graph_outputs.clear()
    graph._simulated_timestamp += 33333  # in microseconds; as in `process`
    for name, value in inputs.items():
        packet = graph._make_packet(graph._input_stream_type_info[name], value)
        graph._graph.add_packet_to_input_stream(stream=name, packet=packet.at(graph._simulated_timestamp))
    graph._graph.wait_until_idle()
    found = graph._graph_outputs.get(output)
    return None if found is None or found.is_empty() else found


def message(packet: Any) -> Any:
    """Return the protobuf message in a packet of mediapipe."""
    return import_module("mediapipe.python.packet_getter").get_proto(packet)


def message_list(packet: Any) -> list[Any]:
    """Return the protobuf messages in a packet of mediapipe."""
    return list(import_module("mediapipe.python.packet_getter").get_proto_list(packet))


def serialized_list(packet: Any) -> list[bytes]:
    """Return the protobuf messages in a packet of mediapipe, without parsing them."""
    return list(import_module("mediapipe.python.packet_getter")._packet_getter._get_serialized_proto_list(packet))


def mediapipe_weights(*names: str) -> tuple[Path, ...]:
    """Return model files inside the package mediapipe, without importing it.

    Raises
    ------
    ExtractorError
        If the package is not installed, or its release does not contain the named models.
    """
    spec = find_spec("mediapipe")
    folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else ()
    found = tuple(Path(folder) / "modules" / f"{name}.tflite" for folder in folders for name in names)
    if not found or not all(path.is_file() for path in found):
        raise ExtractorError(
            f"mediapipe with its models {', '.join(names)} is not installed: pip install mediapipe==0.10.14"
        )
    return found


def read_jpeg(data: bytes) -> Picture:
    """Decode a JPEG image to ``(height, width, 3)`` RGB; raise `ValueError` if it is damaged."""
    import cv2

    rgb: Picture | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB) if data else None
    if rgb is None:
        raise ValueError(f"{len(data)} bytes of a stream are not a picture: delete this store, then preprocess again")
    return rgb


def row_times(times: TimeArray, rows: Sequence[int]) -> TimeArray:
    """Return the start and end of each row.

    A row lasts from its frame to the next sampled frame, but not longer than the median distance between frames, so
    that no row covers a gap in the recording. If an utterance has a single frame, the length of its row is 0.

    Parameters
    ----------
    times
        ``(n,)`` times of all sampled frames, in seconds.
    rows
        Positions of the r frames that have a row.

    Returns
    -------
    ``(r, 2)`` seconds.

    >>> row_times(np.array([0.0, 0.2, 0.4, 2.0]), [1, 2, 3])
    array([[0.2, 0.4],
           [0.4, 0.6],
           [2. , 2.2]])
    """
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    ends = np.minimum(np.append(times[1:], np.inf), times + usual)
    chosen = list(rows)
    return np.stack([times[chosen], ends[chosen]], axis=1)


def landmark_array(landmarks: Any, scale: tuple[float, float, float]) -> TimeArray:
    """Return mediapipe's landmarks as ``(n, 3)`` float64, each axis multiplied by its `scale`."""
    points = [(point.x * scale[0], point.y * scale[1], point.z * scale[2]) for point in landmarks.landmark]
    return np.array(points, dtype=np.float64)


# A point of a mesh in protobuf's format: a tag and a length, then x, y and z, each a tag and a 4-byte float.
_POINT = np.dtype({"names": ["x", "y", "z"], "formats": ["<f4"] * 3, "offsets": [3, 8, 13], "itemsize": 17})
_TAGS, _TAGS_AT = np.array([0x0A, 15, 0x0D, 0x15, 0x1D], np.uint8), [0, 1, 2, 7, 12]


def mesh_array(mesh: bytes, scale: tuple[float, float, float]) -> TimeArray:
    """Return the points of a serialised mesh as ``(n, 3)`` float64, each axis multiplied by its `scale`.

    The result is that of `landmark_array` for the parsed mesh. This function is faster, since it reads all points at
    once.

    Raises
    ------
    ValueError
        If the points have other fields, or not all of x, y and z.
    """
    if len(mesh) % _POINT.itemsize or (np.frombuffer(mesh, np.uint8).reshape(-1, 17)[:, _TAGS_AT] != _TAGS).any():
        raise ValueError(f"a mesh of {len(mesh)} bytes does not consist of points with x, y and z only")
    points = np.frombuffer(mesh, _POINT)
    return np.stack([points["x"], points["y"], points["z"]], axis=1).astype(np.float64) * scale


def norm(vector: TimeArray) -> float:
    """Return the length of a vector ``(n,)``: exactly the number that ``np.linalg.norm`` returns, but faster."""
    return math.sqrt(vector.dot(vector))


def cross(a: TimeArray, b: TimeArray) -> TimeArray:
    """Return the cross product of two vectors ``(3,)``, as ``np.cross`` does, but faster."""
    (a0, a1, a2), (b0, b1, b2) = a.tolist(), b.tolist()
    return np.array([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0])


def head_angles(left: TimeArray, up: TimeArray) -> tuple[float, float, float]:
    """Return yaw, pitch and roll of a head in degrees, from two of its axes in picture coordinates (y down, z away).

    Parameters
    ----------
    left
        ``(3,)`` vector from the subject's right to the subject's left; for a frontal face, it points to the right of
        the picture.
    up
        ``(3,)`` vector from the lower to the upper face; only its component perpendicular to `left` is used.

    Returns
    -------
    yaw
        Positive when the subject turns to the subject's left (towards the right of the picture).
    pitch
        Positive when the subject looks up; 0 if both axes are parallel to the picture.
    roll
        Positive when the head tips clockwise in the picture.

    >>> [round(angle) for angle in head_angles(np.array([1.0, 0, 0]), np.array([0, -1.0, 0]))]
    [0, 0, 0]
    """
    x = left / norm(left)
    y = up - (up @ x) * x
    y /= norm(y)
    forward = cross(x, y)  # out of the face; for a frontal face (0, 0, -1), towards the camera
    yaw = np.degrees(np.arctan2(forward[0], -forward[2]))
    pitch = np.degrees(np.arcsin(np.clip(-forward[1], -1, 1)))
    roll = np.degrees(np.arctan2(x[1], x[0]))
    return float(yaw), float(pitch), float(roll)
