import subprocess
import sys
from pathlib import Path

import pytest

from recognition.models import ModelCache

FORTY_MEGABYTES = 40_000_000


def refused() -> bytes:
    raise AssertionError("it was built although it is in the cache")


def test_a_file_is_built_once(tmp_path: Path) -> None:
    assert ModelCache(tmp_path).get("net", [b"weights"], lambda: b"built") == b"built"
    assert ModelCache(tmp_path).get("net", [b"weights"], refused) == b"built"


def test_other_sources_make_another_file(tmp_path: Path) -> None:
    cache = ModelCache(tmp_path)
    cache.get("net", [b"weights", b"1"], lambda: b"one")
    assert cache.get("net", [b"weights", b"2"], lambda: b"two") == b"two"
    assert cache.get("net", [b"weights1", b""], lambda: b"three") == b"three"
    assert cache.get("net", [b"weights", b"1"], refused) == b"one"


@pytest.mark.parametrize("damage", [b"", b"buil", b"built and more", b"bUilt"])
def test_a_damaged_file_is_built_again(tmp_path: Path, damage: bytes) -> None:
    cache = ModelCache(tmp_path)
    cache.get("net", [b"weights"], lambda: b"built")
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage)
    assert cache.get("net", [b"weights"], lambda: b"built") == b"built"
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"built"]


def test_the_folder_is_that_of_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_MODEL_CACHE", str(tmp_path / "deep" / "down"))
    ModelCache().get("net", [b"weights"], lambda: b"built")
    assert [path.read_bytes() for path in (tmp_path / "deep" / "down").iterdir()] == [b"built"]


def test_a_folder_that_cannot_be_written_to_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    assert ModelCache(tmp_path / "file" / "models").get("net", [b"weights"], lambda: b"built") == b"built"


def test_processes_that_start_at_once_all_get_the_whole_file(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from recognition.models import ModelCache\n"
        f"data = ModelCache(Path(sys.argv[1])).get('net', [b'weights'], lambda: b'x' * {FORTY_MEGABYTES})\n"
        f"assert data == b'x' * {FORTY_MEGABYTES}"
    )
    started = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(4)]
    assert [process.wait() for process in started] == [0] * 4
    assert [path.stat().st_size for path in tmp_path.iterdir()] == [FORTY_MEGABYTES]
