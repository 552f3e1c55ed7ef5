"""`rollcall identify`: who of a folder's people a picture shows."""

from pathlib import Path
from typing import Annotated

import typer

from recognition.commands.gallery_folder import gallery_of
from recognition.commands.options import NO, AsJson, EngineName, GalleryFolder, SmallestFace
from recognition.commands.reading import about, look_at, prepared, refusals
from recognition.commands.tables import box_of, box_text, print_json, print_table
from recognition.engine import SMALLEST_FACE

__all__ = ["identify"]


def identify(
    picture: Annotated[Path, typer.Argument(help="A JPEG, PNG or WebP file.", metavar="PICTURE")],
    gallery: GalleryFolder,
    *,
    as_json: AsJson = False,
    engine: EngineName = "fast",
    smallest_face: SmallestFace = SMALLEST_FACE,
) -> None:
    """Name the people in a picture who are in the gallery; everyone else is unknown.

    Exit codes: 0 somebody is named; 1 nobody is, or there is no face; 2 the picture or the gallery couldn't be used.
    """
    with refusals():
        loaded = prepared(engine)
        matcher = loaded.matcher
        with about(picture):
            look = look_at(loaded, picture, smallest_face)
        people = gallery_of(loaded, gallery, silent=as_json)
        answers = list(zip(look.faces, matcher.identify(look.faces, people), strict=True))
    if as_json:
        print_json(
            {
                "picture": str(picture),
                "people": len(people.people),
                "threshold": matcher.threshold,
                "faces": [
                    {"person": answer.person, "score": answer.score, "box": box_of(face.box)}
                    for face, answer in answers
                ],
            }
        )
    elif answers:
        rows = [
            (answer.person or "unknown", "" if answer.score is None else f"{answer.score:.2f}", box_text(face.box))
            for face, answer in answers
        ]
        print_table(("person", f"score ({matcher.threshold:.2f} is needed)", "place and size"), rows)
    else:
        typer.echo(f"{picture}: no face found.")
    if not any(answer.person for _, answer in answers):
        raise typer.Exit(NO)
