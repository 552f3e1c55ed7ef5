"""The enrolled templates of one roster, ready to be compared with."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from recognition.errors import BadTemplate, EncoderMismatch
from recognition.faces import Template

__all__ = ["Gallery"]

# Room for this many templates at first; it doubles when full, so that enrolling a campus one by one copies each
# template about once and not once a person.
_FIRST_ROWS = 64


class Gallery:
    """People and their templates, several a person, all of one encoder, as one float32 matrix.

    >>> gallery = Gallery.of("dlib", [("ada", Template("dlib", [1.0, 0.0])), ("bob", Template("dlib", [0.0, 1.0]))])
    >>> gallery.people, len(gallery)
    (('ada', 'bob'), 2)
    >>> gallery.subset(["bob", "cleo"]).people
    ('bob',)

    An empty gallery is a gallery: everyone is unknown to it.
    """

    def __init__(self, encoder: str) -> None:
        self.encoder = encoder
        self._people: dict[str, int] = {}
        self._size = 0
        self._matrix = np.empty((0, 0), np.float32)
        self._owners = np.empty(0, np.intp)
        self._revision = 0

    @classmethod
    def of(cls, encoder: str, templates: Iterable[tuple[str, Template]]) -> "Gallery":
        """Return a gallery of (person id, template) pairs; a person may come several times."""
        gallery = cls(encoder)
        for person, template in templates:
            gallery.add(person, template)
        return gallery

    @property
    def people(self) -> tuple[str, ...]:
        """Person ids in the order of their first template: `owners` points into it."""
        return tuple(self._people)

    @property
    def matrix(self) -> NDArray[np.float32]:
        """Templates as rows, float32 (templates, d), read-only; (0, 0) while no template was ever added."""
        view = self._matrix[: self._size]
        view.setflags(write=False)
        return view

    @property
    def owners(self) -> NDArray[np.intp]:
        """Whose each row is, (templates,), as an index into `people`; read-only."""
        view = self._owners[: self._size]
        view.setflags(write=False)
        return view

    @property
    def revision(self) -> int:
        """How often it changed: what was worked out about it holds while this stays the same."""
        return self._revision

    def __len__(self) -> int:
        """How many templates there are."""
        return self._size

    def __contains__(self, person: object) -> bool:
        return person in self._people

    def check(self, template: Template) -> None:
        """Raise EncoderMismatch or BadTemplate if the template can't be compared with those here."""
        if template.encoder != self.encoder:
            raise EncoderMismatch(
                f"The template was made by the encoder {template.encoder!r}, the gallery by {self.encoder!r}: "
                "encode the photos again with one of them."
            )
        if self._size and template.vector.size != self._matrix.shape[1]:
            raise BadTemplate(
                f"The template has {template.vector.size} numbers, those of the gallery {self._matrix.shape[1]}: "
                "encode the photo again."
            )

    def add(self, person: str, template: Template) -> None:
        """Add a template of a person, new or known; raises EncoderMismatch or BadTemplate and then changes nothing."""
        self.check(template)
        if self._size == 0:
            self._matrix = np.empty((_FIRST_ROWS, template.vector.size), np.float32)
            self._owners = np.empty(_FIRST_ROWS, np.intp)
        elif self._size == len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.empty_like(self._matrix)])
            self._owners = np.concatenate([self._owners, np.empty_like(self._owners)])
        self._matrix[self._size] = template.vector
        self._owners[self._size] = self._people.setdefault(person, len(self._people))
        self._size += 1
        self._revision += 1

    def remove(self, person: str) -> None:
        """Forget a person and all their templates; nothing happens if they aren't here."""
        index = self._people.pop(person, None)
        if index is None:
            return
        self._people = {other: i for i, other in enumerate(self._people)}
        kept = self._owners[: self._size] != index
        rows = self._matrix[: self._size][kept]
        owners = self._owners[: self._size][kept]
        # Over the old rows, and zeros behind them: a removed template must not live on in memory.
        self._matrix[: len(rows)] = rows
        self._matrix[len(rows) : self._size] = 0
        self._owners[: len(rows)] = owners - (owners > index)
        self._size = len(rows)
        self._revision += 1

    def subset(self, people: Iterable[str]) -> "Gallery":
        """Return a gallery of its own of those people who are here; the others are passed over."""
        wanted = {person for person in people if person in self._people}
        names = [person for person in self._people if person in wanted]
        places = np.full(len(self._people), -1, np.intp)
        for place, name in enumerate(names):
            places[self._people[name]] = place
        owners = places[self.owners]
        part = Gallery(self.encoder)
        part._people = {name: place for place, name in enumerate(names)}
        part._matrix = self.matrix[owners >= 0]
        part._owners = owners[owners >= 0]
        part._size = len(part._owners)
        return part
