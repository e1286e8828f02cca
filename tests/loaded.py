"""Everything that commands import, loaded once in the process from which those of the tests are forked."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import altair  # noqa: F401
import av  # noqa: F401
import cv2  # noqa: F401
import h5py  # noqa: F401
import librosa.core
import librosa.feature
import matplotlib.pyplot  # noqa: F401
import mediapipe  # noqa: F401
import pandas as pd  # noqa: F401
import pyarrow  # noqa: F401
import safetensors.numpy  # noqa: F401
import scipy.signal  # noqa: F401
import sklearn.linear_model  # noqa: F401
import soxr  # noqa: F401
import torch  # noqa: F401
import vaderSentiment.vaderSentiment  # noqa: F401

import cli  # noqa: F401
import pipeline.exchange.importing
import pipeline.inference.fit
import pipeline.inference.predict
import pipeline.inspection.status
import pipeline.stages.evaluate
import pipeline.stages.prepare
import pipeline.stages.report
import pipeline.stages.train  # noqa: F401
from features.registry import extractor_class, extractor_names
from pipeline.reporting.rendering import chart_runtime

for _name in extractor_names():
    extractor_class(_name)

librosa.feature.mfcc  # noqa: B018  librosa imports its parts when they are first used
librosa.effects  # noqa: B018

chart_runtime()  # a second and a half, once
