"""Whether a new photo looks more like somebody else than like its own student."""

import asyncio

import numpy as np

from attendance.people import StoredTemplate
from attendance.store import Store
from recognition import Gallery, Matcher, Template

# With more on a campus, only those are compared who share a class with the student: reading all would take seconds.
MOST_COMPARED = 5000
# Of those, the matcher weighs the people of the templates nearest to the photo, and the student: 0.4 ms a template.
MOST_WEIGHED = 200


class Enrolled:
    """Those with whom new photos are compared. Templates by another encoder can't be, and are passed over."""

    def __init__(self, store: Store, matcher: Matcher, everybody: Gallery | None) -> None:
        """`everybody` is None where they are too many to hold."""
        self._store = store
        self._matcher = matcher
        self._everybody = everybody

    @classmethod
    async def read(cls, store: Store, matcher: Matcher) -> "Enrolled":
        """Read what is there now."""
        found = await store.biometrics.templates_of_all(most=MOST_COMPARED)
        return cls(store, matcher, None if found is None else _gallery(matcher, found))

    def add(self, stored: StoredTemplate) -> None:
        """Have the next photos compared with this one too."""
        if self._everybody is not None and stored.template.encoder == self._everybody.encoder:
            self._everybody.add(stored.student_id, stored.template)

    async def nearer_to_another(self, student_id: str, photo: Template) -> str | None:
        """Give the id of another student to whom a new photo is nearer than to its own; None where there is none.

        A student's first photo has none of their own to be near to: there, only somebody whom it would be taken for is
        told.
        """
        gallery = self._everybody
        if gallery is None:
            classmates = await self._store.classes.classmates(student_id)
            gallery = _gallery(self._matcher, await self._store.biometrics.templates_of([*classmates, student_id]))
        if photo.encoder != gallery.encoder or not set(gallery.people) - {student_id}:
            return None
        return await asyncio.to_thread(_nearest, self._matcher, student_id, photo, gallery)


def _gallery(matcher: Matcher, templates: list[StoredTemplate]) -> Gallery:
    comparable = [(each.student_id, each.template) for each in templates if each.template.encoder == matcher.encoder]
    return Gallery.of(matcher.encoder, comparable)


def _nearest(matcher: Matcher, student_id: str, photo: Template, everybody: Gallery) -> str | None:
    distances = np.linalg.norm(everybody.matrix - photo.vector, axis=1)
    people = everybody.people
    near = {people[owner] for owner in everybody.owners[np.argsort(distances)[:MOST_WEIGHED]]}
    gallery = everybody.subset({student_id, *near})
    (row,) = matcher.scores(gallery, photo.vector[np.newaxis])
    scores = dict(zip(gallery.people, (float(score) for score in row), strict=True))
    own = scores.pop(student_id, matcher.threshold)
    if not scores:
        return None
    nearest = max(scores, key=lambda person: scores[person])
    return nearest if scores[nearest] > own else None
