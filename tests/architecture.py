"""What the design says about the shape of the source, read from the source itself without running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ALL = ("recognition", "attendance", "ingest", "stream_app", "api", "deploy")
# The table of the design: what each folder may import of ours.
ARROWS: dict[str, tuple[str, ...]] = {
    "recognition": (),
    "attendance": ("recognition",),
    "ingest": ("attendance",),
    "stream_app": ("recognition", "attendance", "ingest.contract"),
    "api": ("attendance", "recognition"),
    "deploy": ALL,
    "benchmarks": (*ALL, "tests"),
    "tests": (*ALL, "benchmarks"),
}
# Arrows inside a folder: what the part that is named first must not know of.
INSIDE: dict[str, tuple[str, ...]] = {
    "attendance": ("attendance.store", "attendance.outbox", "attendance.import_runs"),
    "attendance.imports": ("attendance.store", "attendance.outbox", "attendance.import_runs"),
    "attendance.store": ("attendance.outbox", "attendance.import_runs"),
    "attendance.outbox": (),
}
# Who alone may use a package of others; a trailing `.py` names one file.
ONLY: dict[str, tuple[str, ...]] = {
    "motor": ("attendance/store", "deploy/local/health.py", "tests"),
    "pymongo": ("attendance/store", "deploy/local/health.py", "tests"),
    "bson": ("attendance/store", "tests"),
    "faust": ("stream_app", "tests"),
    "fastapi": ("api", "tests"),
    "face_recognition": ("recognition", "tests", "benchmarks"),
    "dlib": ("recognition", "tests", "benchmarks"),
}
# What recognition does without, so that it can be used alone.
NOT_IN_RECOGNITION = ("aiokafka", "faust", "motor", "pymongo", "starlette", "fastapi", "uvicorn", "websockets")

MOST_LINES = 350
EMPTY_NAMES = ("util", "utils", "helper", "helpers", "common", "misc")


@dataclass(frozen=True)
class Import:
    """One import: `target` is the dotted name of what is taken, as far as the text tells it."""

    path: Path
    line: int
    target: str

    def is_of(self, package: str) -> bool:
        return self.target == package or self.target.startswith(f"{package}.")


def violations(root: Path) -> list[str]:
    """Give a sentence for everything below `root` that breaks the design's shape."""
    files = [path for package in ARROWS for path in sorted((root / package).rglob("*.py"))]
    broken: list[str] = []
    for path in files:
        relative = path.relative_to(root)
        text = path.read_text()
        tree = ast.parse(text)
        for one in _imports(relative, tree):
            broken += [f"{relative}:{one.line}: {sentence}" for sentence in _broken_arrows(one)]
        broken += [f"{relative}: {sentence}" for sentence in _broken_shape(relative, text, tree)]
    folders = sorted({folder for path in files for folder in _folders(path.relative_to(root))})
    broken += [f"{folder}: has no __init__.py" for folder in folders if not (root / folder / "__init__.py").exists()]
    return broken


def _broken_arrows(one: Import) -> Iterator[str]:
    folder = one.path.parts[0]
    for other in ARROWS:
        allowed = any(one.is_of(target) for target in ARROWS[folder])
        if other != folder and one.is_of(other) and not allowed:
            yield f"{folder} must not import {one.target}"
    for forbidden in INSIDE.get(".".join(one.path.parent.parts), ()):
        if one.is_of(forbidden):
            yield f"{'.'.join(one.path.parent.parts)} must not import {one.target}"
    for package, places in ONLY.items():
        if one.is_of(package) and not any(one.path.is_relative_to(place) for place in places):
            yield f"only {', '.join(places)} may import {package}"
    if folder == "recognition" and any(one.is_of(package) for package in NOT_IN_RECOGNITION):
        yield f"recognition must not import {one.target}"


def _broken_shape(path: Path, text: str, tree: ast.Module) -> Iterator[str]:
    lines = len(text.splitlines())
    if lines > MOST_LINES:
        yield f"{lines} lines; {MOST_LINES} at most"
    for name in {path.stem, *path.parent.parts} & set(EMPTY_NAMES):
        yield f"{name} says nothing of what is in it"
    if path.name == "__init__.py" and path.parts[0] in ALL:
        if not ast.get_docstring(tree):
            yield "has no docstring that says what the package is"
        if any(isinstance(node, ast.ImportFrom | ast.Import) for node in tree.body) and not _assigns(tree, "__all__"):
            yield "has no __all__ that says what is public"


def _assigns(tree: ast.Module, name: str) -> bool:
    targets = (
        target
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    )
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _folders(path: Path) -> Iterator[Path]:
    yield from (folder for folder in path.parents if folder != Path())


def _imports(path: Path, tree: ast.Module) -> Iterator[Import]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (Import(path, node.lineno, each.name) for each in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                start = ".".join([*path.parts[:-level], *([module] if module else [])]) if level else module or ""
                yield from (Import(path, node.lineno, f"{start}.{each.name}") for each in names)
            case ast.Call(func=function, args=[ast.Constant(value=str(target)), *_]) if _loads(function):
                yield Import(path, node.lineno, target)


def _loads(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)
    return name in ("import_module", "__import__")
