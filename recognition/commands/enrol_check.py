"""`rollcall enrol-check`: whether photos are good enough to enrol."""

from pathlib import Path
from typing import Annotated

import typer

from recognition.commands.options import NO, UNUSABLE, AsJson, EngineName
from recognition.commands.reading import looks, prepared, refusals
from recognition.commands.tables import print_json, print_table
from recognition.engine import SMALLEST_FACE
from recognition.enrol import SMALLEST_ENROLMENT_FACE, enrolment_face
from recognition.errors import EnrolmentError
from recognition.faces import Look

__all__ = ["enrol_check"]


def enrol_check(
    pictures: Annotated[list[Path], typer.Argument(help="Photos, each of one person.", metavar="PICTURE…")],
    *,
    as_json: AsJson = False,
    engine: EngineName = "fast",
    smallest_face: Annotated[
        float, typer.Option(min=10, max=1000, help="The least width of a face that is enrolled, in pixels.")
    ] = SMALLEST_ENROLMENT_FACE,
) -> None:
    """Tell of each photo whether its person can be enrolled from it, and if not what to do.

    Exit codes: 0 all can be enrolled; 1 some can't; 2 a picture couldn't be used (the others are shown all the same).
    """
    with refusals():
        # Smaller faces are looked for as well: 'too small' tells more than 'no face'.
        seen, unusable = looks(prepared(engine), pictures, min(smallest_face, SMALLEST_FACE), silent=as_json)
    refused = {picture: reason for picture, look in seen if (reason := _reason(look, smallest_face)) is not None}
    if as_json:
        checked = [
            {
                "picture": str(picture),
                "enrollable": picture not in refused,
                "code": refused[picture].code if picture in refused else None,
                "reason": refused[picture].sentence if picture in refused else None,
            }
            for picture, _ in seen
        ]
        print_json([*checked, *({"picture": str(each), "error": text} for each, text in unusable.items())])
    elif seen:
        rows = [
            (
                str(picture),
                "no" if picture in refused else "yes",
                refused[picture].sentence if picture in refused else "",
            )
            for picture, _ in seen
        ]
        print_table(("picture", "can be enrolled", "why not"), rows)
    if unusable:
        raise typer.Exit(UNUSABLE)
    if refused:
        raise typer.Exit(NO)


def _reason(look: Look, smallest_face: float) -> EnrolmentError | None:
    try:
        enrolment_face(look, smallest_face)
    except EnrolmentError as error:
        return error
    return None
