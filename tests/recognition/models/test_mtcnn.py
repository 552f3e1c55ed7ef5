from pathlib import Path

import numpy as np
import pytest

from recognition.models import ModelCache, session
from recognition.models.mtcnn import mtcnn_graph
from recognition.models.packages import mtcnn_model

SIZES = {"pnet": (1, 3, 61, 83), "rnet": (7, 3, 24, 24), "onet": (5, 3, 48, 48)}


@pytest.mark.parametrize("name", SIZES)
def test_the_rewritten_network_gives_what_the_original_gives(name: str, tmp_path: Path) -> None:
    pictures = np.random.default_rng(3).uniform(-1, 1, SIZES[name]).astype(np.float32)
    before = session(mtcnn_model(f"{name}.onnx").read_bytes()).run(None, {"input": pictures})
    after = session(mtcnn_graph(name, ModelCache(tmp_path))).run(None, {"input": pictures})
    if name == "pnet":
        raised = np.exp(after[1] - after[1].max(axis=1, keepdims=True))
        after[1] = raised / raised.sum(axis=1, keepdims=True)
    for one, other in zip(before, after, strict=True):
        assert one.shape == other.shape
        assert np.abs(one - other).max() < 1e-5


def test_the_first_network_takes_several_pictures_at_once(tmp_path: Path) -> None:
    pictures = np.random.default_rng(4).uniform(-1, 1, (3, 3, 30, 40)).astype(np.float32)
    network = session(mtcnn_graph("pnet", ModelCache(tmp_path)))
    together = network.run(None, {"input": pictures})
    for place, picture in enumerate(pictures):
        for one, other in zip(network.run(None, {"input": picture[None]}), together, strict=True):
            assert np.abs(one[0] - other[place]).max() < 1e-5
