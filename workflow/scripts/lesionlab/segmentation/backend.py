"""Choose the Keras backend; imported, and called, before Keras is."""

import os
from typing import Any

from lesionlab.stage import limit_threads


def start_backend(name: str, *, threads: int) -> None:
    """Set the backend of this process and its number of CPU threads.

    Parameters
    ----------
    name : {"tensorflow", "torch", "jax"}
        Backend that the next import of Keras takes.
    threads : int
        CPU threads; sums depend on it.
    """
    limit_threads(threads)
    os.environ["KERAS_BACKEND"] = name
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow would otherwise take the whole memory of a shared GPU at its first step
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def device_kind() -> str:
    """Name the backend and the kind of device that it found, after Keras is imported.

    Returns
    -------
    str
        For example ``"tensorflow cpu"`` or ``"torch gpu"``.
    """
    import keras

    return f"{keras.backend.backend()} {_first_device(keras.distribution)}"


def _first_device(distribution: Any) -> str:
    devices = distribution.list_devices()
    return str(devices[0]).split(":")[0] if devices else "cpu"
