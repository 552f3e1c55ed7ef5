"""The encoder that a campus chose."""

import os
from pathlib import Path

from recognition.encoders.encoder import Encoder
from recognition.encoders.mirrored_dlib import MirroredDlibEncoder
from recognition.models import ModelCache

__all__ = ["chosen_encoder"]

_CHOSEN = "ROLLCALL_ENCODER"


def chosen_encoder(threads: int = 1, cache: ModelCache | None = None) -> Encoder:
    """Return the encoder of the ONNX file that ROLLCALL_ENCODER names, or else dlib's. No network is loaded yet.

    Raises BadEncoder where the file or its description can't be used.
    """
    path = os.environ.get(_CHOSEN)
    if not path:
        return MirroredDlibEncoder(threads, cache)
    # It needs pydantic, which nothing else here does.
    from recognition.encoders.onnx_encoder import OnnxEncoder

    return OnnxEncoder(Path(path), threads)
