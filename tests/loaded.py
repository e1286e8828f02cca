"""Everything that commands import, loaded once in the process from which those of the tests are forked."""

import gc
import importlib
import os
import pkgutil

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
import pyarrow.pandas_compat  # noqa: F401
import pydantic.dataclasses  # noqa: F401
import ruamel.yaml  # noqa: F401
import safetensors.numpy  # noqa: F401
import scipy.signal  # noqa: F401
import sklearn.linear_model
import sklearn.pipeline  # noqa: F401
import soxr  # noqa: F401
import torch  # noqa: F401
import vaderSentiment.vaderSentiment  # noqa: F401

import cli  # noqa: F401
import common
import features
import models
import pipeline
from pipeline.reporting.rendering import chart_runtime

for _package in (common, features, models, pipeline):
    for _module in pkgutil.walk_packages(_package.__path__, f"{_package.__name__}."):
        importlib.import_module(_module.name)

librosa.feature.mfcc  # noqa: B018  librosa imports its parts when they are first used
librosa.effects  # noqa: B018

chart_runtime()  # a second and a half, once

gc.freeze()  # a forked process would copy every page that its garbage collector goes through
