"""Whether a new photo looks more like somebody else than like its own student."""

import asyncio
from dataclasses import dataclass

import numpy as np

from attendance.people import StoredTemplate
from attendance.store import Store
from recognition import Gallery, Matcher, Template

# With more on a campus, only those are compared who share a class with the student: reading all would take seconds.
MOST_COMPARED = 5000


@dataclass(frozen=True, slots=True)
class Likeness:
    """Whom a photo looks most like, besides its own student, where that is worth a warning."""

    student_id: str


async def nearer_to_another(store: Store, matcher: Matcher, student_id: str, photo: Template) -> Likeness | None:
    """Compare a new photo with the student's own and with others'; None where it is nearest to its own.

    A student's first photo has none of their own to be near to: there, only somebody whom it would be taken for is
    told. Templates by another encoder can't be compared.
    """
    found = await store.biometrics.templates_of_all(most=MOST_COMPARED)
    if found is None:
        classmates = await store.classes.classmates(student_id)
        found = await store.biometrics.templates_of([*classmates, student_id])
    templates = [each for each in found if each.template.encoder == photo.encoder]
    if not any(each.student_id != student_id for each in templates):
        return None
    return await asyncio.to_thread(_nearest, matcher, student_id, photo, templates)


def _nearest(matcher: Matcher, student_id: str, photo: Template, templates: list[StoredTemplate]) -> Likeness | None:
    gallery = Gallery.of(photo.encoder, [(each.student_id, each.template) for each in templates])
    (row,) = matcher.scores(gallery, photo.vector[np.newaxis])
    scores = dict(zip(gallery.people, (float(score) for score in row), strict=True))
    own = scores.pop(student_id, matcher.threshold)
    nearest = max(scores, key=lambda person: scores[person])
    return Likeness(nearest) if scores[nearest] > own else None
