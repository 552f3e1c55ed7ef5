import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from recognition import BadTemplate, Box, EncoderMismatch, Face, Gallery, Identity, Template
from recognition.assignment import assign
from recognition.face_recognition_engine import DistanceMatcher

MATCHER = DistanceMatcher(tolerance=0.5)
THRESHOLD = 0.5

# Few different values, so that ties come up.
tables = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=7),
    elements=st.sampled_from([0.1, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]).map(np.float32),
)


def template(*values: float, encoder: str = MATCHER.encoder) -> Template:
    return Template(encoder, np.array(values, np.float32))


def face(*values: float) -> Face:
    return Face(Box(0, 0, 100, 100), 1.0, template=template(*values))


def gallery_of(**people: list[float]) -> Gallery:
    return Gallery.of(MATCHER.encoder, [(name, template(*values)) for name, values in people.items()])


@given(tables)
def test_a_person_is_given_to_one_face_at_most(scores: NDArray[np.float32]) -> None:
    given_people = [column for column in assign(scores, THRESHOLD) if column is not None]
    assert len(given_people) == len(set(given_people))


@given(tables)
def test_nobody_is_named_below_the_threshold(scores: NDArray[np.float32]) -> None:
    for row, column in enumerate(assign(scores, THRESHOLD)):
        assert column is None or scores[row, column] >= THRESHOLD


@given(tables)
def test_a_face_loses_a_person_only_to_a_face_at_least_as_like_them(scores: NDArray[np.float32]) -> None:
    answer = assign(scores, THRESHOLD)
    for row, column in np.argwhere(scores >= THRESHOLD):
        own = answer[row]
        if own is not None and scores[row, own] >= scores[row, column]:
            continue  # it has someone it is at least as like
        assert column in answer, "a person above the threshold is left over"
        assert scores[answer.index(column), column] >= scores[row, column]


@given(st.permutations(range(5)), st.permutations(range(6)), st.integers(0, 2**32 - 1))
def test_the_order_of_faces_and_people_does_not_matter(rows: list[int], columns: list[int], seed: int) -> None:
    scores = np.random.default_rng(seed).permutation(np.linspace(0, 1, 30, dtype=np.float32)).reshape(5, 6)
    plain = assign(scores, THRESHOLD)
    shuffled = assign(scores[np.ix_(rows, columns)], THRESHOLD)
    back = [None if column is None else columns[column] for column in shuffled]
    assert back == [plain[row] for row in rows]


def test_equal_scores_go_to_the_earlier_face_then_the_earlier_person() -> None:
    assert assign(np.full((2, 3), 0.9, np.float32), THRESHOLD) == [0, 1]


def test_a_stranger_takes_no_name_from_the_person_who_is_there() -> None:
    # The greatest sum would be to name face 0 as person 1, and face 1, a stranger like person 0, as person 0.
    scores = np.array([[0.90, 0.60], [0.88, 0.10]], np.float32)
    assert assign(scores, THRESHOLD) == [0, None]


def test_a_face_that_loses_its_person_may_have_the_next() -> None:
    assert assign(np.array([[0.9, 0.2], [0.8, 0.7]], np.float32), THRESHOLD) == [0, 1]


def test_faces_get_names_scores_and_unknown() -> None:
    gallery = gallery_of(ada=[1, 0], bob=[0, 1])
    answers = MATCHER.identify([face(0, 0.9), face(5, 5), face(1, 0)], gallery)
    assert [answer.person for answer in answers] == ["bob", None, "ada"]
    assert answers[0].score == pytest.approx(0.9)
    assert answers[1].score == pytest.approx(1 - np.hypot(4, 5), abs=1e-6)
    assert answers[2].score == pytest.approx(1)


def test_of_several_templates_the_nearest_counts() -> None:
    gallery = gallery_of(ada=[1, 0], bob=[0, 1])
    gallery.add("ada", template(3, 3))
    assert MATCHER.identify([face(3, 3)], gallery) == [Identity("ada", 1.0)]


def test_to_an_empty_gallery_everyone_is_unknown() -> None:
    assert MATCHER.identify([face(1, 0)], Gallery(MATCHER.encoder)) == [Identity(None, None)]


def test_a_face_without_a_template_is_unknown_beside_others() -> None:
    bare = Face(Box(0, 0, 9, 9), 0.5)
    answers = MATCHER.identify([bare, face(1, 0), bare], gallery_of(ada=[1, 0]))
    assert answers == [Identity(None, None), Identity("ada", 1.0), Identity(None, None)]


def test_a_picture_without_faces_has_no_identities() -> None:
    assert MATCHER.identify([], gallery_of(ada=[1, 0])) == []


def test_the_tolerance_itself_still_names() -> None:
    gallery = gallery_of(ada=[0, 0])
    assert MATCHER.identify([face(0.5, 0)], gallery)[0].person == "ada"
    assert MATCHER.identify([face(0.5001, 0)], gallery)[0].person is None


def test_templates_of_two_encoders_are_never_compared() -> None:
    other = Gallery.of("other", [("ada", template(1, 0, encoder="other"))])
    with pytest.raises(EncoderMismatch, match="'other'"):
        MATCHER.identify([face(1, 0)], other)
    foreign = Face(Box(0, 0, 9, 9), 1.0, template=template(1, 0, encoder="other"))
    with pytest.raises(EncoderMismatch, match="'other'"):
        MATCHER.identify([foreign], gallery_of(ada=[1, 0]))
    with pytest.raises(EncoderMismatch):
        MATCHER.identify([], Gallery("other"))


def test_a_template_of_another_length_is_refused() -> None:
    with pytest.raises(BadTemplate):
        MATCHER.identify([face(1, 0, 0)], gallery_of(ada=[1, 0]))
