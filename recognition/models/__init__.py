"""The networks that recognition runs: where their weights come from, how they become ONNX, how they are run.

Nothing is downloaded and no network is kept in this repository. The weights are files of installed packages; the ONNX
graphs are built from them at first use and kept in a cache.
"""

from recognition.models.cache import ModelCache
from recognition.models.dlib_network import Layer, Network, read_network
from recognition.models.runtime import session

__all__ = ["Layer", "ModelCache", "Network", "read_network", "session"]
