import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition import BadTemplate, EncoderMismatch, Gallery, Template

people = st.sampled_from("abcdefgh")
steps = st.lists(st.tuples(st.sampled_from(["add", "add", "add", "remove"]), people), max_size=250)


def template(number: int) -> Template:
    return Template("e", np.array([number, number + 0.5, -number], np.float32))


def rows(gallery: Gallery) -> list[tuple[str, float]]:
    return [(gallery.people[owner], float(row[0])) for owner, row in zip(gallery.owners, gallery.matrix, strict=True)]


@given(steps)
def test_it_holds_what_was_added_and_not_removed_in_order(plan: list[tuple[str, str]]) -> None:
    gallery = Gallery("e")
    expected: list[tuple[str, float]] = []
    for number, (action, person) in enumerate(plan):
        if action == "add":
            gallery.add(person, template(number))
            expected.append((person, float(number)))
        else:
            gallery.remove(person)
            expected = [row for row in expected if row[0] != person]
    assert rows(gallery) == expected
    assert len(gallery) == len(expected)
    assert gallery.people == tuple(dict.fromkeys(person for person, _ in expected))


@given(steps, st.lists(people))
def test_a_subset_is_the_gallery_of_those_people(plan: list[tuple[str, str]], wanted: list[str]) -> None:
    entries = [(person, template(number)) for number, (_, person) in enumerate(plan)]
    part = Gallery.of("e", entries).subset([*wanted, "nobody"])
    chosen = Gallery.of("e", [(person, each) for person, each in entries if person in wanted])
    assert rows(part) == rows(chosen)
    assert part.people == chosen.people


def test_a_subset_is_its_own() -> None:
    gallery = Gallery.of("e", [("ada", template(1)), ("bob", template(2))])
    part = gallery.subset(["ada"])
    part.add("cleo", template(3))
    gallery.remove("ada")
    assert rows(part) == [("ada", 1.0), ("cleo", 3.0)]
    assert rows(gallery) == [("bob", 2.0)]


def test_a_person_may_have_500_photos() -> None:
    gallery = Gallery.of("e", [("ada", template(number)) for number in range(500)])
    assert gallery.people == ("ada",)
    assert gallery.matrix.shape == (500, 3)
    assert gallery.matrix.dtype == np.float32


def test_an_empty_gallery_is_a_gallery() -> None:
    gallery = Gallery("e")
    gallery.remove("nobody")
    assert (len(gallery), gallery.people, len(gallery.matrix), len(gallery.owners)) == (0, (), 0, 0)
    assert "nobody" not in gallery
    assert len(gallery.subset(["nobody"])) == 0


def test_a_template_of_another_encoder_is_refused_and_changes_nothing() -> None:
    gallery = Gallery.of("e", [("ada", template(1))])
    with pytest.raises(EncoderMismatch, match="encoder 'other', the gallery by 'e'"):
        gallery.add("bob", Template("other", np.zeros(3, np.float32)))
    with pytest.raises(BadTemplate, match="4 numbers, those of the gallery 3"):
        gallery.add("bob", Template("e", np.zeros(4, np.float32)))
    assert rows(gallery) == [("ada", 1.0)]
    assert "bob" not in gallery


def test_its_arrays_cannot_be_changed_from_outside() -> None:
    gallery = Gallery.of("e", [("ada", template(1))])
    for array in (gallery.matrix, gallery.owners):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_removed_template_is_gone_from_memory() -> None:
    gallery = Gallery.of("e", [("ada", template(7)), ("bob", template(2)), ("ada", template(7))])
    behind = gallery.matrix.base
    gallery.remove("ada")
    assert isinstance(behind, np.ndarray)
    assert not (behind[:3] == 7).any()
