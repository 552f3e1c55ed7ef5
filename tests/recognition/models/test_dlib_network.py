from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition import EngineUnavailable
from recognition.models import read_network
from recognition.models.packages import dlib_model

ENCODER = "dlib_face_recognition_resnet_model_v1.dat"
DETECTOR = "mmod_human_face_detector.dat"


def test_the_encoder_has_29_layers_with_weights() -> None:
    network = read_network(dlib_model(ENCODER))
    assert network.mean == pytest.approx((122.782, 117.001, 104.298), abs=1e-4)
    kinds = [layer.kind for layer in network.layers]
    assert kinds.count("con_4") + kinds.count("fc_2") == 30, "29 convolutions, and the fully connected layer"
    assert kinds.count("add_prev_") == 14
    assert network.layers[0].weights.shape == (32, 3, 7, 7)
    assert network.layers[-1].weights.shape == (256, 128)


def test_the_detector_ends_in_one_map_of_scores() -> None:
    network = read_network(dlib_model(DETECTOR))
    assert [layer.kind for layer in network.layers].count("con_4") == 7
    assert network.layers[-1].weights.shape == (1, 45, 9, 9)


def test_every_weight_is_a_number_of_a_sensible_size() -> None:
    for name in (ENCODER, DETECTOR):
        for layer in read_network(dlib_model(name)).layers:
            assert np.isfinite(layer.weights).all()
            assert np.abs(layer.weights).max(initial=0) < 100, (name, layer.kind)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_in_words(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    whole = dlib_model(DETECTOR).read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    path = tmp_path_factory.mktemp("models") / "cut.dat"
    path.write_bytes(whole[:at])
    with pytest.raises(EngineUnavailable, match="can't be read"):
        read_network(path)


def test_what_is_not_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.dat").write_bytes(b"PK\x03\x04" * 100)
    with pytest.raises(EngineUnavailable, match="no RGB input layer"):
        read_network(tmp_path / "other.dat")
    with pytest.raises(EngineUnavailable, match="can't be read"):
        read_network(tmp_path / "missing.dat")
