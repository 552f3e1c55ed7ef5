"""`rollcall video`: who of a folder's people a clip shows, and when."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from recognition.commands.clip import Clip, written_clip
from recognition.commands.drawing import drawn
from recognition.commands.following import Following
from recognition.commands.gallery_folder import gallery_of
from recognition.commands.options import NO, AsJson, EngineName, GalleryFolder, SmallestFace
from recognition.commands.progress import bar
from recognition.commands.reading import complain, prepared, refusals
from recognition.commands.tables import print_json, print_table
from recognition.engine import SMALLEST_FACE
from recognition.tracking import TrackState

__all__ = ["video"]


def video(
    clip: Annotated[Path, typer.Argument(help="A clip that OpenCV reads: MP4, AVI, GIF.", metavar="CLIP")],
    gallery: GalleryFolder,
    *,
    draw: Annotated[Path | None, typer.Option(help="Write the clip with boxes and names here, as MP4.")] = None,
    as_json: AsJson = False,
    engine: EngineName = "fast",
    smallest_face: SmallestFace = SMALLEST_FACE,
) -> None:
    """Follow the people in a clip, and name those who are in the gallery; everyone else is unknown.

    Exit codes: 0 somebody is named; 1 nobody is, or there is no face; 2 the clip or the gallery couldn't be used.
    """
    with refusals():
        film = Clip(clip)
        loaded = prepared(engine)
        following = Following(loaded, gallery_of(loaded, gallery, silent=as_json), smallest_face, clip.name)
        with ExitStack() as open_things:
            writer = None if draw is None else open_things.enter_context(written_clip(draw, film.rate))
            step = open_things.enter_context(bar("Following", film.frames, silent=as_json))
            for number, picture in enumerate(film):
                in_sight = following.see(picture, number, number / film.rate)
                if writer is not None:
                    writer.add(drawn(picture, [(track.box, track.person or "unknown") for track in in_sight]))
                step()
        if draw is not None:
            complain(f"{draw} is written.")
    tracks = following.tracks
    if as_json:
        print_json({"clip": str(clip), "rate": film.rate, "tracks": [_as_json(track) for track in tracks]})
    elif tracks:
        rows = [
            (track.person or "unknown", f"{track.first_seen:.1f}", f"{track.last_seen:.1f}", str(track.frames))
            for track in tracks
        ]
        print_table(("person", "from second", "to second", "frames looked at"), rows)
    else:
        typer.echo(f"{clip}: no face found.")
    if not any(track.person for track in tracks):
        raise typer.Exit(NO)


def _as_json(track: TrackState) -> dict[str, str | float | int | None]:
    return {
        "person": track.person,
        "from": round(track.first_seen, 3),
        "to": round(track.last_seen, 3),
        "frames": track.frames,
    }
