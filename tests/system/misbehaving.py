"""`rollcall stream` in which a picture may do what a defect in a decoder or a recogniser would let it do.

Run as a script: `python -m tests.system.misbehaving`. What a picture does is written in a comment within its JPEG. The
recognition processes are spawned, which imports this module again there, so both sides misbehave; the product has no
such seam.
"""

import os
import signal
import sys
import time
from importlib import import_module
from typing import Any

from stream_app.cli import run

MISBEHAVING = (sys.executable, "-m", "tests.system.misbehaving")
KILLS_THE_RECOGNISER, KILLS_THE_WORKER, NEVER_ENDS = b"kills the recogniser", b"kills the worker", b"never ends"
_COMMENT = b"\xff\xfe"

_watching: Any = import_module("recognition.watching")
_checks: Any = import_module("stream_app.checks")
_glance, _from_message = _watching.glance, _checks.from_message


def poison(picture: bytes, effect: bytes) -> bytes:
    """Write into a JPEG what it is to do."""
    return picture[:2] + _COMMENT + (len(effect) + 2).to_bytes(2, "big") + effect + picture[2:]


def _does(picture: bytes | None, effect: bytes) -> bool:
    return (picture or b"")[2:].startswith(_COMMENT + (len(effect) + 2).to_bytes(2, "big") + effect)


def _misbehaving_glance(engine: Any, data: bytes, *given: Any) -> Any:
    if _does(data, KILLS_THE_RECOGNISER):
        os.kill(os.getpid(), signal.SIGSEGV)
    while _does(data, NEVER_ENDS):
        time.sleep(1)
    return _glance(engine, data, *given)


def _misbehaving_from_message(key: Any, value: bytes | None, *given: Any, **named: Any) -> Any:
    if _does(value, KILLS_THE_WORKER):
        os.kill(os.getpid(), signal.SIGSEGV)
    return _from_message(key, value, *given, **named)


_watching.glance = _misbehaving_glance
_checks.from_message = _misbehaving_from_message

if __name__ == "__main__":
    run()
