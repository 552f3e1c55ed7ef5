"""Reads picture files, and says a sentence for each that can't be used while the others go on."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from recognition.commands.options import UNUSABLE
from recognition.commands.progress import bar
from recognition.engine import Engine, load_engine
from recognition.errors import RecognitionError
from recognition.faces import Look
from recognition.picture import PictureLimits

__all__ = ["FILE_LIMITS", "about", "complain", "look_at", "looks", "prepared", "refusals", "sentence_of"]

# A photo on a disk isn't a message: a camera's largest JPEG has about 30 MB.
FILE_LIMITS = PictureLimits(max_bytes=100_000_000)


def complain(sentence: str) -> None:
    """Say it on the error output."""
    typer.echo(sentence, err=True)


@contextmanager
def refusals() -> Iterator[None]:
    """End the command with a sentence and its exit code where recognition refuses, or a file can't be used."""
    try:
        yield
    except RecognitionError as error:
        complain(error.sentence)
        raise typer.Exit(UNUSABLE) from error
    except OSError as error:
        complain(sentence_of(error))
        raise typer.Exit(UNUSABLE) from error


def prepared(engine: str) -> Engine:
    """Return the engine of this name, loaded; raises UnknownEngine, EngineUnavailable and BadEncoder."""
    loaded = load_engine(engine)
    loaded.prepare()
    return loaded


def look_at(engine: Engine, picture: Path, smallest_face: float, *, thorough: bool = False) -> Look:
    """Return what an engine sees in a file, `thorough` for enrolment; raises OSError and PictureError."""
    return engine.look(picture.read_bytes(), FILE_LIMITS, smallest_face, thorough=thorough)


@contextmanager
def about(picture: Path) -> Iterator[None]:
    """Say which picture it is in the sentence of what recognition refuses."""
    try:
        yield
    except RecognitionError as error:
        raise type(error)(f"{picture}: {error.sentence}") from error


def looks(
    engine: Engine, pictures: Iterable[Path], smallest_face: float, *, silent: bool
) -> tuple[list[tuple[Path, Look]], dict[Path, str]]:
    """Return what an engine sees in each file, and a sentence for each file that can't be used."""
    pictures = list(pictures)
    seen, unusable = [], {}
    with bar("Looking", len(pictures), silent=silent) as step:
        for picture in pictures:
            try:
                seen.append((picture, look_at(engine, picture, smallest_face)))
            except (OSError, RecognitionError) as error:
                unusable[picture] = sentence_of(error)
            step()
    for picture, sentence in unusable.items():
        complain(f"{picture}: {sentence}")
    return seen, unusable


def sentence_of(error: OSError | RecognitionError) -> str:
    """Return what is wrong and what to do, for people."""
    if isinstance(error, RecognitionError):
        return error.sentence
    if isinstance(error, FileNotFoundError):
        return f"There is no file {error.filename}: check the path."
    return f"{error.strerror or error} ({error.filename}): check the path and who may read it."
