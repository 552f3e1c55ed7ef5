"""`rollcall init` makes what is missing, once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from attendance.rights import Role
from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.init import initialise, make_key
from deploy.local.stack import LocalStack


@pytest.fixture
def connection(stack: LocalStack, tmp_path: Path) -> ConnectionSettings:
    own = {"database": "init_test", "topic_prefix": "init.", "home": tmp_path}
    return stack.settings.model_copy(update=own)


async def test_a_second_run_changes_nothing_and_says_so(connection: ConnectionSettings) -> None:
    first = await initialise(connection)
    assert first.changed
    assert first.administrator_token is not None
    key = connection.gateway_key_file.read_text()
    second = await initialise(connection)
    assert not second.changed
    assert second.administrator_token is None
    assert second.summary == "everything was there already"
    assert connection.gateway_key_file.read_text() == key

    store = Store(connection)
    bearer = await store.tokens.principal_of(first.administrator_token, datetime.now(UTC))
    store.close()
    assert bearer is not None
    assert bearer.role is Role.ADMINISTRATOR


def test_the_key_has_256_bits_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "gateway.key"
    assert make_key(path)
    assert len(bytes.fromhex(path.read_text().strip())) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["gateway.key"]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "gateway.key"
    path.write_text("the one that cameras' frames were signed by")
    assert not make_key(path)
    assert path.read_text() == "the one that cameras' frames were signed by"
    assert [entry.name for entry in tmp_path.iterdir()] == ["gateway.key"]
