"""ONNX Runtime as this library uses it: it tells nobody.

Since 1.29 its own packages report each process, and the networks that it loads, to
Microsoft, unless a variable of the environment forbids it before it is loaded.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

__all__ = ["onnxruntime"]
