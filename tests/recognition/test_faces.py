import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition import BadTemplate, Box, Face, Look, Template

numbers = st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=200)


def test_a_box_knows_its_sides() -> None:
    box = Box(10, 20, 40, 80)
    assert (box.width, box.height) == (30, 60)


@given(numbers)
def test_a_template_survives_storing_and_pickling(values: list[float]) -> None:
    template = Template("some encoder", np.array(values, np.float32))
    assert Template.from_bytes("some encoder", template.to_bytes()) == template
    copy = pickle.loads(pickle.dumps(template))  # noqa: S301 - our own bytes
    assert copy == template
    assert hash(copy) == hash(template)
    assert not copy.vector.flags.writeable


def test_a_template_is_not_changed_through_the_array_it_came_from() -> None:
    values = np.zeros(4, np.float32)
    template = Template("e", values)
    values[0] = 1
    assert template.vector[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        template.vector[0] = 1


def test_templates_of_two_encoders_are_not_equal() -> None:
    assert Template("a", np.zeros(4, np.float32)) != Template("b", np.zeros(4, np.float32))


@pytest.mark.parametrize("values", [np.zeros((1, 4)), np.float32(1), [], [np.nan], [1.0, np.inf], [1e300]])
def test_what_is_no_template_is_refused(values: object) -> None:
    with np.errstate(over="ignore"), pytest.raises(BadTemplate):
        Template("e", np.asarray(values))


def test_stored_bytes_that_are_no_template_are_refused() -> None:
    for data in (b"", b"abc", np.float32("nan").tobytes()):
        with pytest.raises(BadTemplate):
            Template.from_bytes("e", data)


def test_a_look_crosses_to_another_process(astronaut_look: Look) -> None:
    copy = pickle.loads(pickle.dumps(astronaut_look))  # noqa: S301 - our own bytes
    assert copy == astronaut_look
    points = astronaut_look.faces[0].points
    assert points is not None
    assert np.array_equal(copy.faces[0].points, points)


def test_faces_are_values() -> None:
    assert len({Face(Box(0, 0, 1, 1), 1.0), Face(Box(0, 0, 1, 1), 1.0), Face(Box(0, 0, 1, 1), 2.0)}) == 2
