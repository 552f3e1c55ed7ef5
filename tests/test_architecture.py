"""The shape that the design gives the source: arrows one way, one place for the database, small files with names."""

from pathlib import Path

import pytest

from tests.architecture import ARROWS, MOST_LINES, violations

PROJECT = Path(__file__).parents[1]


def test_the_source_has_the_shape_that_the_design_gives_it() -> None:
    assert violations(PROJECT) == []


def test_every_folder_of_the_table_is_there_to_be_looked_at() -> None:
    assert [folder for folder in ARROWS if not list((PROJECT / folder).rglob("*.py"))] == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small source that is as it should be."""
    for package in (*ARROWS, "attendance/store", "attendance/outbox", "deploy/local"):
        (tmp_path / package).mkdir(parents=True, exist_ok=True)
        (tmp_path / package / "__init__.py").write_text('"""What it is."""\n')
    plant(tmp_path, "attendance/store/records.py", "import motor.motor_asyncio\nfrom attendance import rules\n")
    plant(tmp_path, "deploy/local/health.py", "import pymongo\n")
    plant(tmp_path, "deploy/cli.py", "from ingest import app\nimport stream_app, api.cli\n")
    plant(tmp_path, "stream_app/app.py", "from ingest.contract import Frame\nfrom recognition import Engine\n")
    plant(tmp_path, "stream_app/messages.py", "from ingest import contract\nfrom . import app\n")
    plant(tmp_path, "attendance/pictures.py", "from recognition import Face\n")
    plant(tmp_path, "attendance/outbox/relay.py", "from attendance.store import PendingEvents\nimport aiokafka\n")
    plant(tmp_path, "recognition/engine.py", "import face_recognition\nfrom recognition.gallery import Gallery\n")
    assert violations(tmp_path) == []
    return tmp_path


def plant(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("recognition/x.py", "import attendance", "recognition/x.py:1: recognition must not import attendance"),
        ("recognition/x.py", "from attendance.ids import new_id", "recognition must not import attendance.ids.new_id"),
        ("recognition/x.py", "def f():\n    import ingest.app", "recognition/x.py:2: recognition must not import"),
        ("recognition/x.py", "import aiokafka", "recognition must not import aiokafka"),
        ("attendance/x.py", "from ingest.contract import Frame", "attendance must not import ingest.contract.Frame"),
        ("attendance/x.py", "from attendance.store import Store", "attendance must not import attendance.store.Store"),
        ("attendance/x.py", "from . import store", "attendance must not import attendance.store"),
        ("attendance/store/x.py", "from ..outbox import relay", "attendance.store must not import attendance.outbox"),
        ("attendance/imports/x.py", "import attendance.store", "attendance.imports must not import attendance.store"),
        ("attendance/store/x.py", "import api", "attendance must not import api"),
        ("ingest/x.py", "import recognition", "ingest must not import recognition"),
        ("stream_app/x.py", "import ingest", "stream_app must not import ingest"),
        ("stream_app/x.py", "from ingest import app", "stream_app must not import ingest.app"),
        ("stream_app/x.py", "from ingest import Frame, contract", "stream_app must not import ingest.Frame"),
        ("stream_app/x.py", "from ingest.contracts import y", "stream_app must not import ingest.contracts.y"),
        ("stream_app/x.py", "import api.app as a", "stream_app must not import api.app"),
        ("stream_app/sub/x.py", "import tests", "stream_app must not import tests"),
        ("api/x.py", "from stream_app import z", "api must not import stream_app.z"),
        ("api/x.py", "import importlib\nimportlib.import_module('stream_app.z')", "api must not import stream_app.z"),
        ("api/x.py", "from motor import motor_asyncio", "may import motor"),
        ("attendance/x.py", "import pymongo.errors", "may import pymongo"),
        ("attendance/outbox/x.py", "from pymongo import ASCENDING", "may import pymongo"),
        ("deploy/local/x.py", "import pymongo", "may import pymongo"),
        ("api/x.py", "from faust import App", "may import faust"),
        ("api/utils.py", "", "api/utils.py: utils says nothing"),
        ("api/common/__init__.py", '"""Things."""', "common says nothing"),
        ("api/sub/x.py", "", "api/sub: has no __init__.py"),
        ("api/__init__.py", "", "api/__init__.py: has no docstring"),
        ("api/__init__.py", '"""Api."""\nfrom api.app import app', "api/__init__.py: has no __all__"),
        ("api/x.py", "a = 1\n" * (MOST_LINES + 1), f"{MOST_LINES + 1} lines"),
    ],
)  # fmt: skip
def test_what_is_planted_is_found(tree: Path, path: str, text: str, told: str) -> None:
    plant(tree, path, text)
    found = violations(tree)
    assert any(told in sentence for sentence in found), found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("api/x.py", '"""It says: import stream_app."""\n# import ingest\nNAME = "import motor"'),
        ("api/x.py", "a = 1\n" * MOST_LINES),
        ("api/commonplace.py", ""),
        ("api/x.py", "import apiary\nfrom streaming import stream_app"),
    ],
)
def test_what_only_looks_like_it_is_left_alone(tree: Path, path: str, text: str) -> None:
    plant(tree, path, text)
    assert violations(tree) == []
