"""Folders and zips: what leads out of them or would fill the memory is refused before it is read."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from attendance.imports import files as files_module
from attendance.imports.files import Unreadable, open_files, open_zip
from tests.attendance.imports.bundles import into_folder, zipped


def test_a_folder_and_a_zip_of_it_are_the_same(tmp_path: Path) -> None:
    texts: dict[str, str | bytes] = {"a.csv": "1", "deep/b.csv": "2", "李.csv": "3"}
    folder = open_files(into_folder(tmp_path / "folder", texts))
    (tmp_path / "it.zip").write_bytes(zipped(texts))
    for found in (folder, open_files(tmp_path / "it.zip")):
        assert {name: found.read(name).decode() for name in found.names} == texts


@pytest.mark.parametrize(
    "name", ["../users.csv", "a/../../users.csv", "/etc/passwd", "C:/users.csv", "..\\users.csv", "a\\b.csv"]
)
def test_a_name_that_leads_out_of_the_zip_is_refused(name: str) -> None:
    with pytest.raises(Unreadable) as refused:
        open_zip(zipped({name: "x"}))
    assert refused.value.code == "outside_path"


def test_a_zip_that_unpacks_to_too_much_is_refused_by_what_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MOST_BYTES", 1_000_000)
    with pytest.raises(Unreadable) as refused:
        open_zip(zipped({"users.csv": b"0" * 1_000_001}))
    assert refused.value.code == "too_large"


def test_a_zip_that_lies_about_its_sizes_gives_nothing() -> None:
    honest = zipped({"users.csv": b"0" * 5_000_000})
    lying = honest.replace(struct.pack("<L", 5_000_000), struct.pack("<L", 10))
    assert lying != honest
    with pytest.raises(Unreadable) as refused:
        open_zip(lying).read("users.csv")
    assert refused.value.code == "unreadable"


def test_all_files_together_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    found = open_zip(zipped({"a": b"0" * 600, "b": b"0" * 600}))
    monkeypatch.setattr(files_module, "MOST_BYTES_A_FILE", 599)
    with pytest.raises(Unreadable) as refused:
        found.read("a")
    assert refused.value.code == "too_large"


def test_a_bundle_of_too_many_files_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files_module, "MOST_FILES", 2)
    texts: dict[str, str | bytes] = {str(number): "" for number in range(3)}
    with pytest.raises(Unreadable) as refused:
        open_zip(zipped(texts))
    assert refused.value.code == "too_many_files"
    with pytest.raises(Unreadable) as refused:
        open_files(into_folder(tmp_path, texts))
    assert refused.value.code == "too_many_files"


@pytest.mark.parametrize("data", [b"", b"PK", b"a,b\n1,2\n", b"PK\x03\x04" + b"\0" * 100])
def test_what_is_no_zip_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "users.zip"
    path.write_bytes(data)
    with pytest.raises(Unreadable):
        open_files(path)
    with pytest.raises(Unreadable):
        open_zip(data)


def test_a_file_that_is_there_twice_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.csv", "2")
    with pytest.raises(Unreadable) as refused:
        open_zip(out.getvalue())
    assert refused.value.code == "duplicate_file"


def test_a_damaged_file_in_a_zip_is_told_when_it_is_read() -> None:
    whole = bytearray(zipped({"users.csv": bytes(range(256)) * 40}))
    whole[60] ^= 0xFF
    with pytest.raises(Unreadable) as refused:
        open_zip(bytes(whole)).read("users.csv")
    assert (refused.value.code, refused.value.file) == ("unreadable", "users.csv")


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        open_files(tmp_path / "nowhere")
    assert refused.value.code == "unreadable"
