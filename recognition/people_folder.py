"""A folder with one sub-folder of pictures a person, as calibration and adaptation take it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognition.calibration import Crowd, TooFewPeople
from recognition.errors import NoFace, SeveralFaces
from recognition.picture_templates import PictureTemplates

__all__ = ["crowd_of", "pictures_of", "what_was_left_out"]

_PICTURES = (".jpg", ".jpeg", ".png", ".webp")
# Pictures named beside a count: enough to look at what is wrong.
_EXAMPLES = 3


def pictures_of(folder: Path, people: Iterable[str] | None = None) -> list[str]:
    """Return the pictures below `folder`, `person/picture`, of these people or of all, sorted by person.

    Raises TooFewPeople where the folder, a person's or every picture is missing.
    """
    if not folder.is_dir():
        raise TooFewPeople(f"{folder} is no folder: give one with a sub-folder of pictures for each person.")
    names = sorted({each.name for each in folder.iterdir() if each.is_dir()} if people is None else people)
    missing = [name for name in names if not (folder / name).is_dir()]
    if missing:
        raise TooFewPeople(f"{folder} has no sub-folder {missing[0]!r} ({len(missing)} are missing).")
    pictures = [
        f"{name}/{picture.name}"
        for name in names
        for picture in sorted((folder / name).iterdir())
        if picture.suffix.lower() in _PICTURES
    ]
    if not pictures:
        raise TooFewPeople(
            f"{folder} has no pictures in {len(names)} sub-folders: give each person one, with {', '.join(_PICTURES)}."
        )
    return pictures


def crowd_of(templates: PictureTemplates, pictures: Sequence[str]) -> tuple[Crowd, list[str]]:
    """Return the people of those pictures that have a template, and their names in the crowd's order.

    Raises TooFewPeople where no picture has one.
    """
    named: dict[str, list[NDArray[np.float32]]] = {}
    for picture in pictures:
        template = templates[picture]
        if template is not None:
            named.setdefault(picture.partition("/")[0], []).append(template)
    if not named:
        raise TooFewPeople(f"In none of {len(pictures)} pictures a face was found: give photos of one person each.")
    return Crowd.of_people(named), sorted(named)


def what_was_left_out(notes: Mapping[str, str], pictures: Sequence[str]) -> list[str]:
    """Return sentences about pictures without a face, with several, and such as can't be used; none if all is well."""
    found = {picture: notes[picture] for picture in pictures if picture in notes}
    return [
        f"{count:,} of {len(pictures):,} pictures {_told(code)} ({_some(found, code, count)})."
        for code, count in sorted(Counter(found.values()).items())
    ]


def _told(code: str) -> str:
    if code == SeveralFaces.code:
        return "show several faces: the one nearest the middle is taken"
    if code == NoFace.code:
        return "show no face and are left out"
    return f"can't be used ({code.replace('_', ' ')}) and are left out"


def _some(found: Mapping[str, str], code: str, count: int) -> str:
    some = [picture for picture, note in found.items() if note == code][:_EXAMPLES]
    return ", ".join(some) + (", …" if count > len(some) else "")
