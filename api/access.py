"""Who may use which route, from method and path to permissions: what `docs/rights.md` says, which a test compares."""

from dataclasses import dataclass

from attendance.rights import Permission, Principal, Role

_P = Permission


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route asks of whoever calls it.

    `everything`: with one of these, all objects. `own`: with one of these, only those that the token's subjects name.
    Neither: any valid token will do. `public`: none is needed.
    """

    everything: frozenset[Permission] = frozenset()
    own: frozenset[Permission] = frozenset()
    public: bool = False

    @property
    def asks_nothing(self) -> bool:
        """Tell whether any valid token will do."""
        return not self.everything and not self.own

    def opens_everything_to(self, principal: Principal) -> bool:
        """Tell whether this principal may use the route for every object."""
        return any(principal.may(permission) for permission in self.everything)

    def lets_in(self, principal: Principal) -> bool:
        """Tell whether this principal may use the route at all."""
        may_own = any(principal.may(permission) for permission in self.own)
        return self.asks_nothing or may_own or self.opens_everything_to(principal)

    def shows_names_to(self, principal: Principal) -> bool:
        """Tell whether answers name students: not to whoever may only read without names."""
        named = (self.everything | self.own) - {_P.READ_WITHOUT_NAMES}
        return self.asks_nothing or any(principal.may(permission) for permission in named)

    def roles(self) -> list[Role]:
        """Give the roles that may use the route, for the documentation."""
        return [role for role in Role if self.lets_in(Principal("", role))]


def _rule(everything: Permission | set[Permission], *own: Permission) -> Rule:
    return Rule(frozenset({everything} if isinstance(everything, Permission) else everything), frozenset(own))


_PUBLIC = Rule(public=True)
_ANYBODY = Rule()
_STUDENTS = _rule(_P.MANAGE_STUDENTS)
_STUDENT_READ = _rule(_P.READ_STUDENTS, _P.READ_OWN_ADVISEES, _P.READ_OWN_ATTENDANCE)
_ENROLLED_READ = _rule(_P.READ_STUDENTS, _P.READ_OWN_ATTENDANCE)
_CONSENT = _rule(_P.MANAGE_CONSENTS, _P.CONSENT_FOR_ONESELF)
_ERASE = _rule(_P.ERASE_STUDENTS)
_TIMETABLE = _rule(_P.MANAGE_TIMETABLE)
_CLASS_READ = _rule(_P.READ_ALL_ATTENDANCE, _P.READ_OWN_CLASSES)
_REPORT = _rule({_P.READ_ALL_ATTENDANCE, _P.READ_WITHOUT_NAMES}, _P.READ_OWN_CLASSES)
_REPORT_OF_STUDENT = _rule(
    {_P.READ_ALL_ATTENDANCE, _P.READ_WITHOUT_NAMES}, _P.READ_OWN_ADVISEES, _P.READ_OWN_ATTENDANCE
)
_CORRECT = _rule(_P.CORRECT_ALL_ATTENDANCE, _P.CORRECT_OWN_CLASSES)
_TOKENS = _rule(_P.MANAGE_TOKENS)

_STUDENT = "/v1/students/{student_id}"
_SOURCED = "/v1/students/by-sourced-id/{sourced_id}"
_CLASS = "/v1/classes/{class_id}"
_MEETING = "/v1/meetings/{meeting_id}"

ACCESS: dict[tuple[str, str], Rule] = {
    ("GET", "/healthz"): _PUBLIC,
    ("GET", "/readyz"): _PUBLIC,
    ("GET", "/metrics"): _PUBLIC,
    ("GET", "/docs"): _PUBLIC,
    ("GET", "/openapi.json"): _PUBLIC,
    ("GET", "/v1/me"): _ANYBODY,
    ("POST", "/v1/tokens"): _TOKENS,
    ("GET", "/v1/tokens"): _TOKENS,
    ("DELETE", "/v1/tokens/{token_id}"): _TOKENS,
    ("POST", "/v1/students"): _STUDENTS,
    ("GET", "/v1/students"): _rule(_P.READ_STUDENTS, _P.READ_OWN_ADVISEES),
    ("GET", _STUDENT): _STUDENT_READ,
    ("PATCH", _STUDENT): _STUDENTS,
    ("DELETE", _STUDENT): _STUDENTS,
    ("GET", _SOURCED): _STUDENT_READ,
    ("GET", f"{_SOURCED}/attendance"): _rule(_P.READ_ALL_ATTENDANCE, _P.READ_OWN_ATTENDANCE),
    ("GET", f"{_STUDENT}/attendance"): _rule(_P.READ_ALL_ATTENDANCE, _P.READ_OWN_ATTENDANCE),
    ("PUT", f"{_STUDENT}/consent"): _CONSENT,
    ("GET", f"{_STUDENT}/consent"): _ENROLLED_READ,
    ("DELETE", f"{_STUDENT}/consent"): _CONSENT,
    ("POST", f"{_STUDENT}/consent/decline"): _CONSENT,
    ("POST", f"{_STUDENT}/photos"): _STUDENTS,
    ("GET", f"{_STUDENT}/photos"): _ENROLLED_READ,
    ("DELETE", f"{_STUDENT}/photos/{{photo_id}}"): _STUDENTS,
    ("GET", f"{_STUDENT}/kept"): _rule(_P.SEE_ALL_THAT_IS_KEPT, _P.SEE_WHAT_IS_KEPT_OF_ONESELF),
    ("POST", f"{_STUDENT}/erasure"): _ERASE,
    ("GET", f"{_STUDENT}/erasure"): _ERASE,
    ("PUT", f"{_STUDENT}/hold"): _ERASE,
    ("GET", f"{_STUDENT}/hold"): _ERASE,
    ("DELETE", f"{_STUDENT}/hold"): _ERASE,
    ("POST", "/v1/privacy-notices"): _rule(_P.MANAGE_CONSENTS),
    ("GET", "/v1/privacy-notices"): _ANYBODY,
    ("GET", "/v1/privacy-notices/{version}"): _ANYBODY,
    ("GET", "/v1/audit"): _rule(_P.READ_AUDIT),
    ("GET", "/v1/unconfirmed"): _CLASS_READ,
    ("POST", "/v1/imports/oneroster"): _STUDENTS,
    ("POST", "/v1/imports/meetings"): _TIMETABLE,
    ("POST", "/v1/imports/photos"): _STUDENTS,
    ("POST", "/v1/rooms"): _TIMETABLE,
    ("GET", "/v1/rooms"): _TIMETABLE,
    ("GET", "/v1/rooms/{room_id}"): _TIMETABLE,
    ("PATCH", "/v1/rooms/{room_id}"): _TIMETABLE,
    ("DELETE", "/v1/rooms/{room_id}"): _TIMETABLE,
    ("POST", "/v1/cameras"): _TIMETABLE,
    ("GET", "/v1/cameras"): _TIMETABLE,
    ("GET", "/v1/cameras/{camera_id}"): _TIMETABLE,
    ("PATCH", "/v1/cameras/{camera_id}"): _TIMETABLE,
    ("DELETE", "/v1/cameras/{camera_id}"): _TIMETABLE,
    ("POST", "/v1/cameras/{camera_id}/tokens"): _TIMETABLE,
    ("POST", "/v1/classes"): _TIMETABLE,
    ("GET", "/v1/classes"): _CLASS_READ,
    ("GET", _CLASS): _CLASS_READ,
    ("PATCH", _CLASS): _TIMETABLE,
    ("DELETE", _CLASS): _TIMETABLE,
    ("GET", f"{_CLASS}/enrollments"): _CLASS_READ,
    ("PUT", f"{_CLASS}/enrollments/{{student_id}}"): _TIMETABLE,
    ("DELETE", f"{_CLASS}/enrollments/{{student_id}}"): _TIMETABLE,
    ("GET", f"{_CLASS}/roster"): _CLASS_READ,
    ("GET", f"{_CLASS}/meetings"): _CLASS_READ,
    ("GET", "/v1/events"): _rule(
        {_P.READ_ALL_ATTENDANCE, _P.READ_WITHOUT_NAMES}, _P.READ_OWN_CLASSES, _P.READ_OWN_ATTENDANCE
    ),
    ("POST", "/v1/meetings"): _TIMETABLE,
    ("GET", _MEETING): _CLASS_READ,
    ("GET", f"{_MEETING}/live"): _CLASS_READ,
    ("PATCH", _MEETING): _TIMETABLE,
    ("POST", f"{_MEETING}/cancel"): _TIMETABLE,
    ("POST", f"{_MEETING}/restore"): _TIMETABLE,
    ("POST", f"{_MEETING}/split"): _TIMETABLE,
    ("GET", f"{_MEETING}/roll"): _CLASS_READ,
    ("GET", f"{_MEETING}/roll/{{student_id}}"): _rule(
        _P.READ_ALL_ATTENDANCE, _P.READ_OWN_CLASSES, _P.READ_OWN_ATTENDANCE
    ),
    ("PUT", f"{_MEETING}/roll/{{student_id}}"): _CORRECT,
    ("POST", f"{_MEETING}/roll/confirm"): _CORRECT,
    ("POST", f"{_MEETING}/roll/all-present"): _CORRECT,
    ("POST", f"{_MEETING}/roll/{{student_id}}/confirm"): _CORRECT,
    ("POST", f"{_MEETING}/roll/{{student_id}}/not-this-person"): _CORRECT,
    ("POST", f"{_MEETING}/roll/{{student_id}}/undo"): _CORRECT,
    ("POST", f"{_MEETING}/code"): _CORRECT,
    ("GET", f"{_MEETING}/code"): _CORRECT,
    ("DELETE", f"{_MEETING}/code"): _CORRECT,
    ("POST", "/v1/codes/start"): _PUBLIC,
    ("POST", "/v1/codes/redeem"): Rule(own=frozenset({_P.CHECK_IN_ONESELF})),
    ("POST", "/v1/readers"): _TIMETABLE,
    ("GET", "/v1/readers"): _TIMETABLE,
    ("PUT", f"{_STUDENT}/card"): _STUDENTS,
    ("DELETE", f"{_STUDENT}/card"): _STUDENTS,
    ("POST", "/v1/cards/taps"): Rule(own=frozenset({_P.READ_CARDS})),
    ("POST", f"{_STUDENT}/notices"): _rule(_P.CORRECT_ALL_ATTENDANCE),
    ("GET", f"{_STUDENT}/notices"): _rule(_P.READ_ALL_ATTENDANCE, _P.READ_OWN_ATTENDANCE),
    ("DELETE", f"{_STUDENT}/notices/{{notice_id}}"): _rule(_P.CORRECT_ALL_ATTENDANCE),
    ("GET", "/v1/recogniser/mistakes"): _rule(_P.READ_ALL_ATTENDANCE),
    ("GET", "/v1/reports/classes"): _REPORT,
    ("GET", "/v1/reports/classes/{class_id}"): _REPORT,
    ("GET", "/v1/reports/classes/{class_id}/students"): _REPORT,
    ("GET", "/v1/reports/students/{student_id}"): _REPORT_OF_STUDENT,
    ("GET", "/v1/reports/at-risk"): _rule({_P.READ_ALL_ATTENDANCE, _P.READ_WITHOUT_NAMES}, _P.READ_OWN_ADVISEES),
    ("GET", "/v1/exports/records"): _REPORT,
}
