"""Choose the Keras backend; imported, and called, before Keras is."""

import os
from importlib import import_module

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
        import_module("torch").use_deterministic_algorithms(True)
    if _finds_gpu(name):
        use_gpu(name)


def use_gpu(name: str) -> None:
    """Make sums on a GPU repeatable, or raise where that fails, and fast.

    Layers compute in bfloat16, as the networks on torch do there; weights are float32,
    so that their files load anywhere.

    Parameters
    ----------
    name : {"tensorflow", "torch", "jax"}
        The backend.
    """
    if name == "tensorflow":
        import_module("tensorflow").config.experimental.enable_op_determinism()
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")


def device_kind() -> str:
    """Name the backend and the kind of device that it found, after Keras is imported.

    Returns
    -------
    str
        For example ``"tensorflow cpu"`` or ``"torch gpu"``.
    """
    import keras

    name = keras.backend.backend()
    return f"{name} {'gpu' if _finds_gpu(name) else 'cpu'}"


def _finds_gpu(name: str) -> bool:
    """Ask the backend itself, of which an environment holds but one."""
    if name == "torch":
        return bool(import_module("torch").cuda.is_available())
    if name == "tensorflow":
        return bool(import_module("tensorflow").config.list_physical_devices("GPU"))
    import keras

    return "gpu" in str(keras.distribution.list_devices())
