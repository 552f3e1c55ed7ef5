"""What is kept of a student, as a page that reads without anything else: no script, one style sheet, inside."""

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from api.kept_out import KeptOut
from api.times import written

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h2 { margin-top: 2rem; border-bottom: 1px solid #8886; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8883; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def render(kept: KeptOut) -> str:
    """Give the page."""
    student, consent = kept.student, kept.consent
    name = f"{student.given_name} {student.family_name}".strip()
    titles = {place.class_id: place.class_title or place.class_id for place in kept.classes}
    parts = [
        _section(
            "Who you are to the school", [("name", name), ("school id", student.sourced_id), ("email", student.email)]
        ),
        _section(
            "Consent to be recognised",
            [
                ("basis", consent.basis),
                ("notice", consent.notice_version),
                ("given by", consent.given_by),
                ("guardian", consent.guardian),
                ("given at", written(consent.given_at)),
            ]
            if consent
            else [("consent", "none stands")],
        ),
        _table(
            "What became of consents",
            ("at", "what", "notice", "said by", "recorded by"),
            (
                (written(each.at), each.step.value, each.notice_version or "", each.given_by or "", each.by)
                for each in kept.consent_history
            ),
        ),
        _section("Legal hold", [("why records have to stay", kept.hold.reason if kept.hold else "there is none")]),
        _table(
            "Face templates",
            ("made at", "by", "size"),
            (
                (written(each.created_at), each.encoder, f"{len(base64.b64decode(each.numbers))} bytes")
                for each in kept.templates
            ),
            "The numbers themselves are in the JSON form. No picture is kept.",
        ),
        _section("Card", [("card", "a keyed hash of its number" if kept.has_card else "none")]),
        _table(
            "Classes",
            ("class", "from", "to"),
            ((titles[each.class_id], each.begin or "", each.end or "") for each in kept.classes),
        ),
        _table(
            "Absence notices",
            ("from", "to", "reason", "withdrawn"),
            (
                (each.first_day, each.last_day, each.reason, written(each.withdrawn_at) if each.withdrawn_at else "")
                for each in kept.notices
            ),
        ),
        _table(
            "Attendance",
            ("meeting", "class", "status", "by", "reason", "seen", "changes"),
            (
                (
                    written(each.start) if each.start else each.meeting_id,
                    titles.get(each.class_id or "", each.class_id or ""),
                    f"{each.status.value}{' (not confirmed)' if each.provisional else ''}",
                    each.method.value if each.method else "",
                    each.reason or "",
                    len(each.sightings),
                    len(each.history),
                )
                for each in kept.records
            ),
            f"Each change was told once to those who follow attendance, by opaque ids: {len(kept.events)} times.",
        ),
        _table(
            "Access tokens",
            ("made at", "for", "last used"),
            (
                (written(each.created_at), each.label, written(each.last_used_at) if each.last_used_at else "never")
                for each in kept.tokens
            ),
        ),
        _table(
            "Who looked, or changed something",
            ("at", "role", "by", "request", "answer"),
            ((each.at, each.role, each.by, each.request, each.status) for each in kept.looks),
        ),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>What is kept of {escape(name)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>What is kept of {escape(name)}</h1><p>As of {written(kept.at)}. The id is {escape(student.id)}. Moments "
        f"are UTC.</p>{''.join(parts)}</body></html>"
    )


def _section(title: str, rows: Iterable[tuple[str, str | None]]) -> str:
    shown = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value or '')}</td></tr>" for name, value in rows)
    return f"<h2>{escape(title)}</h2><table>{shown}</table>"


def _table(title: str, head: tuple[str, ...], rows: Iterable[tuple[object, ...]], more: str = "") -> str:
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    shown = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    body = f"<table><tr>{names}</tr>{shown}</table>" if shown else "<p>Nothing.</p>"
    return f"<h2>{escape(title)}</h2>{body}" + (f"<p>{escape(more)}</p>" if more else "")
