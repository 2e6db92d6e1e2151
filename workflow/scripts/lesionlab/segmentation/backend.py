"""Choose the Keras backend; imported, and called, before Keras is."""

import os
from importlib import import_module
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
    if name == "torch":
        # cuBLAS reads it when it starts, and is not repeatable without
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        _import_torch().use_deterministic_algorithms(True)


def device_kind() -> str:
    """Name the backend and the kind of device that it found, after Keras is imported.

    Returns
    -------
    str
        For example ``"tensorflow cpu"`` or ``"torch gpu"``.
    """
    import keras

    name = keras.backend.backend()
    if name == "torch":  # which Keras does not ask for its devices
        return f"torch {'gpu' if _import_torch().cuda.is_available() else 'cpu'}"
    devices = keras.distribution.list_devices()
    return f"{name} {str(devices[0]).split(':')[0] if devices else 'cpu'}"


def _import_torch() -> Any:
    """Import torch, which the environment of TensorFlow does not hold."""
    return import_module("torch")
