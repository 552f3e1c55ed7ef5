"""Who bears a token, asked of the store or of the identity provider at most every few seconds."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from api.oidc import IdentityProvider, is_from_provider
from attendance.rights import Principal, digest_of
from attendance.store import Store

# A revoked token works for so long at the most; shorter would ask the database at nearly every request.
KEPT_SECONDS = 3.0
# Tokens in use at one time; beyond it the longest known are asked for again.
MOST_KEPT = 10_000


class Authenticator:
    """Tells who bears a token. Only tokens that are good are remembered, and by digest, not by their text."""

    def __init__(
        self,
        store: Store,
        provider: IdentityProvider | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._provider = provider if provider and provider.is_set else None
        self._clock = clock
        self._kept: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    async def principal_of(self, token: str, now: datetime, role: str | None = None) -> Principal | None:
        """Tell who bears this token; None where it is unknown, wrong, revoked, expired or not in force.

        `role`: in which the bearer wants to act, where an identity provider gives them several.

        Raises:
            StoreUnavailable, Problem: it can't be known now.
        """
        digest = digest_of(f"{token} {role or ''}")
        kept = self._kept.get(digest)
        if kept and self._clock() - kept[0] < KEPT_SECONDS:
            principal = kept[1]
            return None if principal.expires_at and principal.expires_at <= now else principal
        self._kept.pop(digest, None)
        asked_at = self._clock()
        found = await self._ask(token, now, role)
        if found:
            self._kept[digest] = (asked_at, found)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    async def _ask(self, token: str, now: datetime, role: str | None) -> Principal | None:
        if is_from_provider(token):
            return await self._provider.principal_of(token, role, now) if self._provider else None
        return await self._store.tokens.principal_of(token, now)

    def forget(self, token_id: str) -> None:
        """Forget a token that was revoked here."""
        for digest in [digest for digest, (_, principal) in self._kept.items() if principal.token_id == token_id]:
            del self._kept[digest]
