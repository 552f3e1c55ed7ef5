"""What turns faces into templates: dlib's network, or an ONNX file of one's own (`onnx_encoder`, `description`).

encoder = chosen_encoder()
vectors = encoder.encode(picture, points, chips)
"""

from recognition.encoders.chosen import chosen_encoder
from recognition.encoders.encoder import Encoder
from recognition.encoders.mirrored_dlib import MirroredDlibEncoder

__all__ = ["Encoder", "MirroredDlibEncoder", "chosen_encoder"]
