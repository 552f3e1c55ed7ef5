"""The bound on guessing codes and tokens."""

import time
from collections import OrderedDict
from collections.abc import Callable

from api.problems import Problem

# Wrong guesses of one caller in a minute. A code has 28^6 values, and three of them are taken at one time.
MOST_WRONG = 10
WITHIN_SECONDS = 60.0
# Wrong tokens of one address in a minute. None can be guessed; whoever tries is told to wait. Right ones always do,
# because a campus behind one address must not be locked out by one machine there.
MOST_WRONG_TOKENS = 60
_MOST_CALLERS = 10_000


class Guesses:
    """Counts wrong codes, or tokens, by who gave them, in this process."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        most: int = MOST_WRONG,
        code: str = "too_many_guesses",
    ) -> None:
        """`code` is the problem's with which a caller is refused who gave `most` wrong ones within a minute."""
        self._clock = clock
        self._most = most
        self._code = code
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, caller: str) -> None:
        """Refuse a caller who guessed too often; raises Problem."""
        recent = self._recent(caller)
        if len(recent) >= self._most:
            wait = max(1, round(recent[0] + WITHIN_SECONDS - self._clock()))
            raise Problem(self._code, f"wait {wait} s before the next one", headers={"Retry-After": str(wait)})

    def note_wrong(self, caller: str) -> None:
        """Count a wrong one."""
        self._wrong[caller] = [*self._recent(caller), self._clock()]
        self._wrong.move_to_end(caller)
        while len(self._wrong) > _MOST_CALLERS:
            self._wrong.popitem(last=False)

    def _recent(self, caller: str) -> list[float]:
        since = self._clock() - WITHIN_SECONDS
        return [moment for moment in self._wrong.get(caller, ()) if moment > since]
