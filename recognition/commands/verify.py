"""`rollcall verify`: whether two pictures show one person."""

from pathlib import Path
from typing import Annotated

import typer

from recognition.commands.options import NO, AsJson, EngineName, SmallestFace
from recognition.commands.progress import bar
from recognition.commands.reading import about, look_at, prepared, refusals
from recognition.commands.tables import print_json
from recognition.engine import SMALLEST_FACE, Engine
from recognition.enrol import enrolment_face
from recognition.faces import Face
from recognition.gallery import Gallery

__all__ = ["verify"]

_CLAIMED = "a"


def verify(
    a: Annotated[Path, typer.Argument(help="A photo of one person.", metavar="A")],
    b: Annotated[Path, typer.Argument(help="Another photo of one person.", metavar="B")],
    *,
    as_json: AsJson = False,
    engine: EngineName = "fast",
    smallest_face: SmallestFace = SMALLEST_FACE,
) -> None:
    """Tell whether two photos show the same person.

    Exit codes: 0 the same; 1 not known to be the same; 2 a photo couldn't be used: not a picture, no face, several.
    """
    with refusals():
        loaded = prepared(engine)
        matcher = loaded.matcher
        found = []
        with bar("Looking", 2, silent=as_json) as step:
            for picture in (a, b):
                found.append(_only_face(loaded, picture, smallest_face))
                step()
        first, second = found
        gallery = Gallery(loaded.encoder)
        if first.template is not None:
            gallery.add(_CLAIMED, first.template)
        (answer,) = matcher.identify([second], gallery)
    same = answer.person is not None
    if as_json:
        print_json({"same": same, "score": answer.score, "threshold": matcher.threshold})
    else:
        verdict = "The same person" if same else "Not known to be the same person"
        typer.echo(f"{verdict}: score {answer.score:.2f}, {matcher.threshold:.2f} is needed.")
    if not same:
        raise typer.Exit(NO)


def _only_face(engine: Engine, picture: Path, smallest_face: float) -> Face:
    with about(picture):
        return enrolment_face(look_at(engine, picture, smallest_face), smallest_face)
