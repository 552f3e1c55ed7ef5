"""A calibration file that changes under a running worker."""

from pathlib import Path

import pytest

from recognition import RecognitionError
from stream_app.calibration_file import CalibrationFile
from stream_app.gallery_sync import Changes
from stream_app.health import Health


class Worker:
    """Watches a file, of which what begins with 'bad' can't be used."""

    def __init__(self, path: Path) -> None:
        self.path, self.health = path, Health()
        self.health.is_assigned = True
        self.starts = 0
        self.file = CalibrationFile(path, self.health, load=self._load, start_anew=self._start)

    def _load(self) -> None:
        if self.path.read_bytes().startswith(b"bad"):
            raise RecognitionError("it is damaged")

    def _start(self) -> None:
        self.starts += 1

    async def after(self, content: bytes | None) -> int:
        """Give how often the worker started anew by the poll after the file got this content."""
        if content is None:
            self.path.unlink()
        else:
            self.path.write_bytes(content)
        await self.file.take_in(Changes())
        return self.starts


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    path = tmp_path / "campus.npz"
    path.write_bytes(b"the old one")
    return Worker(path)


async def test_a_worker_whose_calibration_file_changed_starts_anew_once(worker: Worker) -> None:
    assert await worker.after(b"the old one") == 0
    assert await worker.after(b"the new one") == 1
    assert await worker.after(b"the new one") == 1


async def test_a_file_that_is_missing_between_two_versions_is_waited_for(worker: Worker) -> None:
    assert await worker.after(None) == 0
    assert worker.health.complaints() == []
    assert await worker.after(b"the new one") == 1


async def test_a_file_that_cannot_be_used_leaves_the_worker_at_its_work_and_is_told(worker: Worker) -> None:
    assert await worker.after(b"bad") == 0
    assert await worker.after(b"bad") == 0
    assert any("it is damaged" in complaint for complaint in worker.health.complaints())
    assert await worker.after(b"the old one") == 0
    assert worker.health.complaints() == []
    assert await worker.after(b"the new one") == 1


async def test_without_a_file_of_ones_own_there_is_nothing_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROLLCALL_CALIBRATION", raising=False)
    starts: list[None] = []
    file = CalibrationFile.chosen(Health(), load=lambda: None, start_anew=lambda: starts.append(None))
    await file.take_in(Changes())
    assert not starts
