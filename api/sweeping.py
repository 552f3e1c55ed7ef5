"""The sweep: once a day what may not be kept any longer is deleted, and what that did is told."""

import asyncio
import contextlib
from datetime import datetime, timedelta

import structlog

from api.audit_writer import AuditWriter
from api.times import now, written
from attendance.audit import trimmed
from attendance.keys import KeyUnusable
from attendance.people import ConsentStep
from attendance.retention import RetentionSettings
from attendance.store import Store, StoreUnavailable
from attendance.store.sweep import left_before

_EVERY_SECONDS = 24 * 3600.0
# Not at the moment of a start, when everything else is asked for too.
_FIRST_AFTER_SECONDS = 300.0
_AGAIN_SECONDS = 600.0
_PAGE = 500
BY = "sweep"

log = structlog.get_logger(__name__)


async def sweep(store: Store, audit: AuditWriter, retention: RetentionSettings, at: datetime) -> dict[str, int]:
    """Delete what is older than it may be kept; give how many of each kind that were, or ended.

    Raises:
        StoreUnavailable: what was done so far stays done.
        KeyUnusable: a student's key can't be destroyed now.
    """
    records_before = at - timedelta(days=retention.keep_records_days)
    found = await store.sweep.records(records_before)
    found["notices"] = await store.sweep.notices(records_before.date())
    found["tokens"] = await store.sweep.tokens(at - timedelta(days=retention.keep_tokens_days))
    found["told erasures"] = await store.erasures.forget_told(at - timedelta(days=retention.keep_told_days))
    found["consents"] = await _end_consents(store, retention.consent_ends_after_days, at)
    found["audit batches"] = await _trim(store, audit, at - timedelta(days=retention.keep_audit_days), at)
    return {name: count for name, count in found.items() if count}


async def _end_consents(store: Store, days: int, at: datetime) -> int:
    """End the consents of those who left their last class so many days ago, with their templates and key."""
    ended, after = 0, None
    while page := await store.biometrics.standing_since(at - timedelta(days=days), after=after, limit=_PAGE):
        for student in await store.sweep.have_left(page, left_before(at, days)):
            done = await store.biometrics.withdraw_consent(student, at, by=BY, step=ConsentStep.ENDED)
            ended += done is not None
        after = page[-1]
    return ended


async def _trim(store: Store, audit: AuditWriter, before: datetime, at: datetime) -> int:
    """Delete the audit's batches from before a moment, after a sealed line that says so."""
    last = await store.audit.last_before(written(before))
    if last is None:
        return 0
    await audit.write(trimmed(last, at=written(at), by=BY))
    return await store.audit.trim(last.number)


class SweepTask:
    """Sweeps once a day, from `start` to `stop`. Several processes may."""

    def __init__(self, store: Store, audit: AuditWriter, retention: RetentionSettings) -> None:
        self._store = store
        self._audit = audit
        self._retention = retention
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="sweep")

    async def stop(self) -> None:
        """Break it off; the next one goes on."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        pause = _FIRST_AFTER_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = _EVERY_SECONDS
            try:
                log.info("sweep done", **{_word(k): v for k, v in (await self._sweep()).items()})
            except (StoreUnavailable, KeyUnusable) as error:
                log.warning("the sweep waits", error=str(error))
                pause = _AGAIN_SECONDS
            except Exception:
                log.exception("the sweep failed; it is tried again")
                pause = _AGAIN_SECONDS

    async def _sweep(self) -> dict[str, int]:
        return await sweep(self._store, self._audit, self._retention, now())


def _word(name: str) -> str:
    return name.replace(" ", "_")
