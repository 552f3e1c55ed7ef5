"""Messages that are nearly frames: each is a sound one with something broken."""

import random
from collections.abc import Iterator, Sequence

from attendance.ids import new_id
from ingest.contract import GATEWAY_KEY_ID, Frame, to_headers

Message = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]

# Whoever finds such a message again, in the dead letters, knows it by the number in this header.
NUMBER = "fuzz"


class Fuzz:
    """Breaks frames of `sound`, one message after the other; the same seed breaks the same things."""

    def __init__(self, gateway_key: bytes, sound: Sequence[Frame], seed: int) -> None:
        self._key = gateway_key
        self._sound = sound
        self._random = random.Random(seed)
        self._next = 0

    def messages(self, count: int) -> Iterator[Message]:
        breaks = (self._key_broken, self._body_broken, self._header_broken, self._header_gone, self._all_noise)
        for _ in range(count):
            key, value, headers = self._random.choice(breaks)(*self._sound_one())
            yield key, value, [*headers, (NUMBER, str(self._next).encode())]
            self._next += 1

    def _sound_one(self) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
        of = self._random.choice(self._sound)
        frame = Frame(new_id(), of.camera_id, of.taken_at, of.content_type, of.picture[:2000])
        return frame.camera_id.encode(), frame.picture, to_headers(frame, key_id=GATEWAY_KEY_ID, key=self._key)

    def _noise(self, longest: int = 200) -> bytes:
        return self._random.randbytes(self._random.randint(0, longest))

    def _key_broken(self, _key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> Message:
        return self._random.choice([None, b"", self._noise(), b"x" * 300, "æ\n".encode()]), value, headers

    def _body_broken(self, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> Message:
        place = self._random.randrange(len(value))
        flipped = value[:place] + bytes([value[place] ^ 0xFF]) + value[place + 1 :]
        return key, self._random.choice([None, b"", self._noise(3000), flipped]), headers

    def _header_broken(self, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> Message:
        place = self._random.choice([place for place, (name, _) in enumerate(headers) if name != "content-type"])
        name, old = headers[place]
        new = self._random.choice([b"", self._noise(), old[:-1], old + b"\n", b"9999-99-99T99:99:99Z", b"\xff\xfe"])
        return key, value, [*headers[:place], (name, new), *headers[place + 1 :]]

    def _header_gone(self, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> Message:
        gone = self._random.randrange(len(headers))
        return key, value, headers[:gone] + headers[gone + 1 :]

    def _all_noise(self, *_: object) -> Message:
        names = [self._random.choice(["ce_id", "ce_time", "dead_reason", "", "é"]) for _ in range(3)]
        return self._noise(), self._noise(), [(name, self._noise()) for name in names]
