"""Who may do what, and the tokens that say who."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.rights import PERMISSIONS, Permission, Principal, Role, digest_of, make_token, matches, token_id_of


def test_every_role_has_its_row() -> None:
    assert set(PERMISSIONS) == set(Role)


@pytest.mark.parametrize(
    ("role", "permissions"),
    [
        (
            Role.ADMINISTRATOR,
            {
                "manage_tokens",
                "manage_timetable",
                "manage_students",
                "read_students",
                "manage_consents",
                "erase_students",
                "read_audit",
                "see_all_that_is_kept",
                "read_without_names",
                "read_all_attendance",
                "correct_all_attendance",
                "read_own_classes",
                "correct_own_classes",
                "read_own_attendance",
            },
        ),
        (
            Role.REGISTRAR,
            {"manage_timetable", "manage_students", "read_students", "read_all_attendance", "correct_all_attendance"},
        ),
        (
            Role.OFFICER,
            {"read_students", "manage_consents", "erase_students", "read_audit", "see_all_that_is_kept"},
        ),
        (Role.TEACHER, {"read_own_classes", "correct_own_classes"}),
        (Role.SUBSTITUTE, {"read_own_classes", "correct_own_classes"}),
        (Role.ADVISER, {"read_own_advisees"}),
        (Role.ANALYST, {"read_without_names"}),
        (
            Role.STUDENT,
            {"read_own_attendance", "check_in_oneself", "consent_for_oneself", "see_what_is_kept_of_oneself"},
        ),
        (Role.READER, {"read_cards"}),
        (Role.DEVICE, {"send_own_frames"}),
    ],
)
def test_a_role_may_do_this_and_nothing_else(role: Role, permissions: set[str]) -> None:
    principal = Principal("t", role)
    assert {permission.value for permission in Permission if principal.may(permission)} == permissions


def test_a_principal_owns_its_subjects_only() -> None:
    principal = Principal("t", Role.TEACHER, frozenset({"class-1"}))
    assert principal.owns("class-1")
    assert not principal.owns("class-2")
    assert not Principal("t", Role.TEACHER).owns("")


def test_a_token_carries_its_id_and_is_known_by_its_digest_alone() -> None:
    token = make_token()
    assert token_id_of(token.text) == token.id
    assert token.digest == hashlib.sha256(token.text.encode()).digest()
    assert matches(token.text, token.digest)


def test_tokens_are_all_different() -> None:
    tokens = [make_token() for _ in range(500)]
    assert len({token.text for token in tokens}) == len({token.digest for token in tokens}) == 500
    assert len({token.text.split("_", 2)[2] for token in tokens}) == 500


@given(st.integers(0, 58), st.characters())
def test_a_token_changed_in_one_place_does_not_match(place: int, other: str) -> None:
    token = make_token()
    changed = token.text[:place] + other + token.text[place + 1 :]
    try:
        digest_of(changed)
    except UnicodeEncodeError:
        return
    assert matches(changed, token.digest) is (changed == token.text)


@given(st.text())
def test_no_text_that_is_not_a_token_has_an_id(text: str) -> None:
    assert token_id_of(text) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text.upper(),
        lambda text: text.replace("rc_", "rd_", 1),
        lambda text: text + "\x00",
    ],
)
def test_a_spoilt_token_has_no_id(spoil: object) -> None:
    assert token_id_of(spoil(make_token().text)) is None  # type: ignore[operator]
