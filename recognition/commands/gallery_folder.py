"""A gallery from a folder with one sub-folder of photos a person."""

from pathlib import Path

from recognition.commands.progress import bar
from recognition.commands.reading import complain, look_at, sentence_of
from recognition.engine import SMALLEST_FACE, Engine
from recognition.enrol import enrolment_face
from recognition.errors import NoFace, RecognitionError
from recognition.gallery import Gallery

__all__ = ["gallery_of"]

_PHOTOS = (".jpg", ".jpeg", ".png", ".webp")


def gallery_of(engine: Engine, folder: Path, *, silent: bool) -> Gallery:
    """Return the people of a folder's sub-folders, each under the sub-folder's name.

    A photo that can't be enrolled is passed over with a sentence. Raises OSError where there is no such folder, and
    NoFace where nobody is left.
    """
    photos = [
        (person.name, photo)
        for person in sorted(folder.iterdir())
        if person.is_dir()
        for photo in sorted(person.iterdir())
        if photo.suffix.lower() in _PHOTOS
    ]
    gallery = Gallery(engine.encoder)
    refused = []
    with bar("Enrolling", len(photos), silent=silent) as step:
        for person, photo in photos:
            try:
                face = enrolment_face(look_at(engine, photo, SMALLEST_FACE, thorough=True))
                if face.template is not None:
                    gallery.add(person, face.template)
            except (OSError, RecognitionError) as error:
                refused.append(f"{photo}: passed over. {sentence_of(error)}")
            step()
    for sentence in refused:
        complain(sentence)
    for person in sorted({person for person, _ in photos} - set(gallery.people)):
        complain(f"{person} can't be named: there is no photo of them that can be enrolled.")
    if not gallery.people:
        raise NoFace(f"Nobody can be enrolled from {folder}: it needs one sub-folder a person, with photos in it.")
    return gallery
