"""The options and exit codes that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["NO", "UNUSABLE", "AsJson", "EngineName", "GalleryFolder", "SmallestFace"]

# The answer is no, as grep has it: nobody was found, named or alike.
NO = 1
# Something that was given can't be used; typer gives the same code for wrong arguments.
UNUSABLE = 2

EngineName = Annotated[str, typer.Option(help="The recognition engine: fast or face_recognition.")]
SmallestFace = Annotated[float, typer.Option(min=10, max=1000, help="Look for faces at least so many pixels wide.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and no progress.")]
GalleryFolder = Annotated[Path, typer.Option(help="A folder with one sub-folder of photos a person.")]
