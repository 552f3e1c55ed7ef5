"""A calibration file that changes under a running worker."""

from pathlib import Path

import pytest

from stream_app.calibration_file import CalibrationFile
from stream_app.gallery_sync import Changes
from stream_app.health import Health


async def _complaint(file: CalibrationFile, health: Health) -> str | None:
    await file.take_in(Changes())
    return health.needs_restart


async def test_a_worker_whose_calibration_file_changed_says_that_it_needs_a_restart(tmp_path: Path) -> None:
    path, health = tmp_path / "campus.npz", Health()
    path.write_bytes(b"the old one")
    file = CalibrationFile(path, health)
    health.is_assigned = True
    assert await _complaint(file, health) is None
    path.write_bytes(b"the new one")
    assert str(path) in (await _complaint(file, health) or "")
    assert any("restart" in complaint for complaint in health.complaints())
    path.unlink()  # between two versions
    assert await _complaint(file, health)
    path.write_bytes(b"the old one")
    assert await _complaint(file, health) is None


async def test_without_a_file_of_ones_own_there_is_nothing_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROLLCALL_CALIBRATION", raising=False)
    health = Health()
    assert await _complaint(CalibrationFile.chosen(health), health) is None
