"""Runs ONNX models on the processor."""

from typing import TYPE_CHECKING

from recognition.errors import EngineUnavailable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["session"]

_ERRORS_ONLY = 3


def session(model: bytes, threads: int = 1) -> "InferenceSession":
    """Return a session that runs a serialised ONNX model; raises EngineUnavailable where it can't be run.

    `threads`: within one operator. One, because recognition runs in a process for each core, and two were slower than
    one on networks this small.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineUnavailable(
            f"ONNX Runtime can't be loaded ({error}): install this project's locked requirements."
        ) from error

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # The arena keeps what the largest picture ever needed, 50 to 130 MB a process.
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # it raises its own, which have no common class of theirs
        raise EngineUnavailable(f"ONNX Runtime can't run a model ({error}).") from error
