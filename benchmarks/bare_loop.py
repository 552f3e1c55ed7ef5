"""The bare loop: decode, detect, encode, identify, in so many processes, with nothing around it."""

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from types import TracebackType
from typing import Self

from recognition import Gallery, Template, load_engine

__all__ = ["BareLoop"]


class BareLoop:
    """Processes with their models loaded and all pictures at hand, that look at as many of them as they are told to.

    >>> with BareLoop(pictures, templates, processes=2, smallest_face=40) as loop:
    ...     seconds = loop.run(100)
    """

    def __init__(
        self, pictures: Sequence[bytes], templates: Sequence[Template], *, processes: int, smallest_face: float
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._next = context.Value("q")
        pipes = [context.Pipe() for _ in range(processes)]
        self._ends = [ours for ours, _ in pipes]
        given = list(pictures), list(templates), smallest_face
        self._processes = [
            context.Process(target=_work, args=(theirs, self._next, *given), daemon=True) for _, theirs in pipes
        ]

    def __enter__(self) -> Self:
        for process in self._processes:
            process.start()
        for end in self._ends:
            end.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for end in self._ends:
            end.send(0)
        for process in self._processes:
            process.join()

    def run(self, frames: int) -> float:
        """Look at so many frames, from the first picture on and round again; give the seconds that it took."""
        self._next.value = 0
        started = time.perf_counter()
        for end in self._ends:
            end.send(frames)
        for end in self._ends:
            end.recv()
        return time.perf_counter() - started


def _work(
    pipe: Connection, following: "Synchronized[int]", pictures: list[bytes], templates: list[Template], smallest: float
) -> None:
    engine = load_engine("fast")
    gallery = Gallery.of(engine.encoder, [(str(place), template) for place, template in enumerate(templates)])
    engine.matcher.identify(engine.look(pictures[0], smallest_face=smallest).faces, gallery)
    pipe.send("ready")
    while frames := pipe.recv():
        while (place := _take(following)) < frames:
            look = engine.look(pictures[place % len(pictures)], smallest_face=smallest)
            engine.matcher.identify(look.faces, gallery)
        pipe.send("done")


def _take(following: "Synchronized[int]") -> int:
    with following.get_lock():
        place = following.value
        following.value += 1
    return place
