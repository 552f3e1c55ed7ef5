"""Templates of Labeled Faces in the Wild and of degraded views of it, made once and kept in the user's cache."""

import importlib.util
import os
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from recognition import Face, load_engine

__all__ = ["Vectors", "templates_of_views"]

Vectors = dict[str, NDArray[np.float32]]

VIEWS = ("#view1", "#view2", "#view3")
_QUICK = 1_000
# Kept while it is being made too: twelve minutes of work shouldn't be lost with the last of them.
_KEEP_EVERY = 2_000


def templates_of_views(most_photos: int, *, quick: bool) -> Vectors:
    """Return unit templates by picture name, of the first photos of everyone and of their views `#view1` to `#view3`.

    A person's first photo has views only where it is the only one. `ROLLCALL_TEMPLATES` names npz files (`pictures`,
    `templates`) to take instead; `ROLLCALL_FACES` the folder that holds `lfw-dev` and `make_views.py`. Raises
    SystemExit where there are none.
    """
    folder = Path(os.environ.get("ROLLCALL_FACES") or Path(__file__).parents[2] / "shared/faces")
    if not (folder / "lfw-dev").is_dir():
        raise SystemExit(f"No pictures at {folder}: set ROLLCALL_FACES to a folder that holds lfw-dev.")
    mislabelled = _mislabelled(folder)
    if given := os.environ.get("ROLLCALL_TEMPLATES"):
        found = {name: vector for path in given.split(os.pathsep) for name, vector in _stored(Path(path)).items()}
    else:
        found = _made(folder, most_photos, quick=quick)
    return {
        name: np.asarray(vector / np.linalg.norm(vector), np.float32)
        for name, vector in found.items()
        if np.isfinite(vector).all() and name.split("/")[0] not in mislabelled
    }


def _made(folder: Path, most_photos: int, *, quick: bool) -> Vectors:
    engine = load_engine("fast")
    path = Path.home() / ".cache/rollcall" / f"views-{engine.encoder.replace('/', '-')}.npz"
    known = _stored(path)
    wanted = _names(folder / "lfw-dev", most_photos, _QUICK if quick else None)
    missing = [name for name in wanted if name not in known]
    make_views = _make_views(folder)
    for done, name in enumerate(track(missing, "templates", disable=not missing), 1):
        picture = (
            make_views.derive(folder / "lfw-dev", name) if "#" in name else (folder / "lfw-dev" / name).read_bytes()
        )
        look = engine.look(picture)
        face = _central(look.faces, look.width, look.height)
        known[name] = (
            np.full(128, np.nan, np.float32) if face is None or face.template is None else face.template.vector
        )
        if done % _KEEP_EVERY == 0 or done == len(missing):
            _store(path, known)
    return {name: known[name] for name in wanted}


def _names(pictures: Path, most_photos: int, most_people: int | None) -> list[str]:
    photos: dict[str, list[str]] = defaultdict(list)
    for path in sorted(pictures.glob("*/*.jpg")):
        photos[path.parent.name].append(f"{path.parent.name}/{path.name}")
    names: list[str] = []
    for person in sorted(photos)[:most_people]:
        own = photos[person][:most_photos]
        viewed = own[1:] or own
        names += [*own, *(name + view for name in viewed for view in VIEWS)]
    return names


def _central(faces: tuple[Face, ...], width: int, height: int) -> Face | None:
    def away(face: Face) -> float:
        return abs(face.box.left + face.box.right - width) + abs(face.box.top + face.box.bottom - height)

    return min(faces, key=away, default=None)


def _mislabelled(folder: Path) -> set[str]:
    """Names under which there are pictures of several people, or of someone who has another name too."""
    lines = (folder / "lfw-label-errors.txt").read_text().splitlines()
    return {name for line in lines if not line.startswith("#") for name in line.split("\t")}


def _stored(path: Path) -> Vectors:
    if not path.exists():
        return {}
    with np.load(path) as stored:
        return dict(zip(map(str, stored["pictures"]), stored["templates"], strict=True))


def _store(path: Path, vectors: Vectors) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.npz")
    np.savez(part, pictures=np.array(list(vectors)), templates=np.stack(list(vectors.values())))
    part.replace(path)


def _make_views(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_views", folder / "make_views.py")
    if spec is None or spec.loader is None or not (folder / "make_views.py").exists():
        raise SystemExit(f"{folder} holds no make_views.py: the views can't be made.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
