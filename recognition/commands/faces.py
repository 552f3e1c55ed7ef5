"""`rollcall faces`: where faces are in pictures."""

from pathlib import Path
from typing import Annotated, Any

import typer

from recognition.commands.drawing import drawn, write_picture
from recognition.commands.options import NO, UNUSABLE, AsJson, EngineName, SmallestFace
from recognition.commands.reading import FILE_LIMITS, complain, looks, prepared, refusals
from recognition.commands.tables import box_of, box_text, print_json, print_table
from recognition.engine import SMALLEST_FACE
from recognition.faces import Look
from recognition.picture import decode
from recognition.quality import Quality

__all__ = ["faces"]


def faces(
    pictures: Annotated[list[Path], typer.Argument(help="JPEG, PNG or WebP files.", metavar="PICTURE…")],
    *,
    draw: Annotated[Path | None, typer.Option(help="Write the picture with boxes here; for one picture.")] = None,
    as_json: AsJson = False,
    engine: EngineName = "fast",
    smallest_face: SmallestFace = SMALLEST_FACE,
) -> None:
    """Find the faces in pictures.

    Exit codes: 0 a face was found; 1 no face was found in any picture; 2 a picture couldn't be used (the others are
    shown all the same).
    """
    if draw is not None and len(pictures) != 1:
        raise typer.BadParameter("it takes one picture at a time.", param_hint="--draw")
    with refusals():
        seen, unusable = looks(prepared(engine), pictures, smallest_face, silent=as_json)
        if draw is not None and seen:
            ((picture, look),) = seen
            boxes = [(face.box, str(number)) for number, face in enumerate(look.faces, 1)]
            write_picture(draw, drawn(decode(picture.read_bytes(), FILE_LIMITS), boxes))
            complain(f"{draw} is written.")
    if as_json:
        known = [_as_json(picture, look) for picture, look in seen]
        print_json([*known, *({"picture": str(each), "error": text} for each, text in unusable.items())])
    else:
        _print(seen)
    if unusable:
        raise typer.Exit(UNUSABLE)
    if not any(look.faces for _, look in seen):
        raise typer.Exit(NO)


def _print(seen: list[tuple[Path, Look]]) -> None:
    rows = [
        (str(picture), str(number), box_text(face.box), f"{face.score:.2f}", _sharpness(face.quality))
        for picture, look in seen
        for number, face in enumerate(look.faces, 1)
    ]
    if rows:
        print_table(("picture", "face", "place and size", "score", "sharpness"), rows)
    for picture, look in seen:
        if not look.faces:
            typer.echo(f"{picture}: no face found.")


def _sharpness(quality: Quality | None) -> str:
    return "" if quality is None else f"{quality.sharpness:.2f}"


def _as_json(picture: Path, look: Look) -> dict[str, Any]:
    found = [
        {
            "box": box_of(face.box),
            "score": round(face.score, 4),
            "points": None if face.points is None else face.points.round(1).tolist(),
        }
        for face in look.faces
    ]
    return {"picture": str(picture), "width": look.width, "height": look.height, "faces": found}
