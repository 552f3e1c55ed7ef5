from collections.abc import Callable
from pathlib import Path

import pytest

from attendance.sealing import KeyRing, MasterKeys, SqliteKeyStore
from attendance.settings import ConnectionSettings
from deploy.init import make_key

OpenKeys = Callable[[], KeyRing]


@pytest.fixture
def settings(tmp_path: Path) -> ConnectionSettings:
    """A master key and the place of a key store, of the test's own."""
    settings = ConnectionSettings(home=tmp_path)
    make_key(settings.master_key_file)
    return settings


@pytest.fixture
def open_keys(settings: ConnectionSettings) -> OpenKeys:
    """Opens the same key store again, as another process would."""
    return lambda: KeyRing(MasterKeys.of(settings), SqliteKeyStore(settings.key_store_file))


@pytest.fixture
def keys(open_keys: OpenKeys) -> KeyRing:
    return open_keys()
