"""SecantusDB, a server that speaks MongoDB's protocol, in the place of MongoDB on a single machine."""

from deploy.local.ports import LOOPBACK
from deploy.local.settings import LocalSettings

# WiredTiger's word for a fault of the disk after which every command fails, until the process is started anew.
BROKEN = "WT_PANIC"


def command(settings: LocalSettings) -> list[str]:
    """Give the database's command line."""
    return [
        str(settings.scripts_dir / "secantusd-py"),
        "--host",
        LOOPBACK,
        "--port",
        str(settings.mongo_port),
        "--storage-path",
        str(settings.home / "database"),
        # Without it acknowledged writes are lost by a kill.
        "--sync-on-commit",
        "--cache-size",
        f"{settings.database_cache_mb}M",
        "--log-level",
        "WARNING",
    ]
