"""One template for each picture of a folder: what calibration and evaluation start from."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognition.engine import Engine
from recognition.errors import NoFace, PictureError, SeveralFaces
from recognition.faces import Face
from recognition.picture import decode

__all__ = ["PictureTemplates", "central_face"]

# Between two saves; a run that is stopped loses no more than these.
_SAVE_EVERY = 1_000


class PictureTemplates:
    """Templates by picture, a path below its folder, kept in an npz file (`path`) if one is given.

    A picture without a face, or one that can't be used, has None; of several faces the one nearest the middle is
    taken. `notes` has the error's code of each such picture. `thorough`: as photos are encoded that are enrolled. A
    file that was made otherwise (`Engine.made_by`, `thorough`, `smallest_face`) is begun anew.
    """

    def __init__(
        self, engine: Engine, path: Path | None = None, smallest_face: float = 20.0, *, thorough: bool = False
    ) -> None:
        self._engine = engine
        self._thorough = thorough
        self._path = path
        self._smallest_face = smallest_face
        self._templates: dict[str, NDArray[np.float32] | None] = {}
        self.notes: dict[str, str] = {}
        if path is not None and path.exists():
            self._read(path)

    def __getitem__(self, picture: str) -> NDArray[np.float32] | None:
        return self._templates[picture]

    def encode(
        self, folders: Sequence[Path], pictures: Iterable[str], told: Callable[[int], None] = lambda _: None
    ) -> None:
        """Encode those pictures that have no row yet, each from the first folder that has it, then save.

        `told` is called with the number of pictures done since the last call. Raises FileNotFoundError.
        """
        for count, picture in enumerate(pictures, 1):
            if picture not in self._templates:
                template, note = self._encode(_find(folders, picture))
                self._templates[picture] = template
                if note:
                    self.notes[picture] = note
            told(1)
            if count % _SAVE_EVERY == 0:
                self.save()
        self.save()

    def save(self) -> None:
        """Write the file: `pictures` (n,), `templates` (n, d) with NaN where no face was found, `notes`, `made_by`."""
        if self._path is None:
            return
        size = next((each.size for each in self._templates.values() if each is not None), 1)
        rows = np.full((len(self._templates), size), np.nan, np.float32)
        for row, template in zip(rows, self._templates.values(), strict=True):
            if template is not None:
                row[:] = template
        part = self._path.with_name(self._path.name + ".part")
        with part.open("wb") as file:
            np.savez(
                file,
                pictures=np.array(list(self._templates)),
                templates=rows,
                notes=np.array([self.notes.get(picture, "") for picture in self._templates]),
                made_by=np.array(self._made_by),
            )
        part.replace(self._path)

    def _read(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as stored:
            if "made_by" not in stored or str(stored["made_by"]) != self._made_by:
                return
            for picture, row in zip(stored["pictures"].tolist(), stored["templates"], strict=True):
                self._templates[picture] = row.astype(np.float32) if np.isfinite(row).all() else None
            notes = zip(self._templates, stored["notes"].tolist(), strict=True)
            self.notes = {picture: note for picture, note in notes if note}

    @property
    def _made_by(self) -> str:
        views = ", thorough" if self._thorough else ""
        return f"{self._engine.made_by}, from {self._smallest_face:g} pixels{views}"

    def _encode(self, path: Path) -> tuple[NDArray[np.float32] | None, str]:
        try:
            picture = decode(path.read_bytes())
        except PictureError as error:
            return None, error.code
        height, width = picture.shape[:2]
        found = self._engine.find(picture, self._smallest_face)
        face = central_face(found, width, height)
        if face is None:
            return None, NoFace.code
        (encoded,) = self._engine.encode(picture, [face], thorough=self._thorough)
        if encoded.template is None:
            return None, NoFace.code
        return encoded.template.vector, SeveralFaces.code if len(found) > 1 else ""


def central_face(faces: Sequence[Face], width: int, height: int) -> Face | None:
    """Return the face whose middle is nearest to that of the picture, or None where there is none."""
    return min(
        faces,
        key=lambda face: (face.box.left + face.box.right - width) ** 2 + (face.box.top + face.box.bottom - height) ** 2,
        default=None,
    )


def _find(folders: Sequence[Path], picture: str) -> Path:
    for folder in folders:
        if (folder / picture).is_file():
            return folder / picture
    raise FileNotFoundError(f"{picture} is in none of {', '.join(map(str, folders))}.")
