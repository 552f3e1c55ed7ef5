"""What an installation needs before its processes start: keys, indexes, topics, the first administrator's token."""

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from attendance.keys import KEY_BYTES
from attendance.rights import Role
from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.topics import TopicReport, TopicSettings, ensure_topics


@dataclass(frozen=True, slots=True)
class Initialised:
    """What `initialise` did. `administrator_token` is the token's text, known only here and now."""

    made_keys: tuple[str, ...]
    topics: tuple[TopicReport, ...]
    administrator_token: str | None

    @property
    def changed(self) -> bool:
        """Whether anything was made."""
        return (
            bool(self.made_keys) or self.administrator_token is not None or any(topic.created for topic in self.topics)
        )

    @property
    def summary(self) -> str:
        """Say in a few words what was made."""
        made = list(self.made_keys)
        made += [f"topic {topic.name}" for topic in self.topics if topic.created]
        made += ["the first administrator's token"] if self.administrator_token else []
        return f"made {', '.join(made)}" if made else "everything was there already"


def make_key(path: Path) -> bool:
    """Make a random key of 256 bits as hex digits that only this user can read. An existing one stays.

    Returns:
        Whether it was made.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Written beside and linked, so that nobody ever reads half a key and of two that are made at once only one counts.
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    return True


async def initialise(connection: ConnectionSettings, topics: TopicSettings | None = None) -> Initialised:
    """Make whatever isn't there yet: a second run changes nothing.

    Raises:
        attendance.store.StoreUnavailable: the database can't be reached.
        KeyUnusable: the look-up key, the master key or the key store isn't what the database was written with.
        aiokafka.errors.KafkaError: Kafka can't be reached, or refuses a topic.
    """
    keys = {
        "the gateway's key": connection.gateway_key_file,
        "the look-up key": connection.look_up_key_file,
        "the audit's key": connection.audit_key_file,
    }
    if not connection.master_key.get_secret_value() and not connection.master_key_command:
        keys["the master key"] = connection.master_key_file
    made_keys = tuple(name for name, path in keys.items() if make_key(path))
    reports = await ensure_topics(connection, topics or TopicSettings())
    store = Store(connection)
    try:
        await store.ensure_indexes()
        await store.check_keys()
        await store.migrations.run()
        await store.look_up.check()
        token = None
        if await store.tokens.count_administrators() == 0:
            made = await store.tokens.create(
                Role.ADMINISTRATOR, now=datetime.now(UTC), label="the first, made by rollcall init"
            )
            token = made.text
    finally:
        store.close()
    return Initialised(made_keys, tuple(reports), token)
