"""SecantusDB, a server that speaks MongoDB's protocol, in the place of MongoDB on a single machine."""

from deploy.local.ports import LOOPBACK
from deploy.local.settings import LocalSettings

# WiredTiger's word for a fault of the disk after which every command fails, until the process is started anew.
BROKEN = "WT_PANIC"

# SecantusDB holds one lock while it waits for room in WiredTiger's cache, and those who could make room wait for that
# lock: with WiredTiger's own 20 and 10 percent of changed pages it stood still for good (seen once, at 146 MB). So a
# write waits much later, and whoever has waited this long gives up with an error instead of holding up everybody.
_ENGINE = (
    "eviction_dirty_target=60,eviction_dirty_trigger=80,eviction_updates_target=50,eviction_updates_trigger=70,"
    "cache_max_wait_ms=5000"
)


def command(settings: LocalSettings) -> list[str]:
    """Give the database's command line."""
    return [
        "env",
        f"WIREDTIGER_CONFIG={_ENGINE}",
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
