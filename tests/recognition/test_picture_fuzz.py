"""Spoilt pictures give pixels or a PictureError, never anything else."""

import random

import numpy as np
import pytest

from recognition import PictureError, PictureLimits, decode
from tests.recognition.test_header import WAYS

# Pillow warns of spoilt animations and metadata, and takes the rest.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

# What a mutated header may ask for: enough to reach the decoders, without waiting for 50 million pixels each time.
LIMITS = PictureLimits(max_pixels=1_000_000)


def mutated(data: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        # Half of all changes go near the front, where the structure is.
        at = chance.randrange(len(spoilt) if chance.random() < 0.5 else min(len(spoilt), 200))
        length = chance.choice((1, 2, 4, 30))
        match chance.randrange(6):
            case 0:
                spoilt[at] ^= 1 << chance.randrange(8)
            case 1:
                spoilt[at : at + length] = chance.randbytes(length)
            case 2:
                spoilt[at : at + length] = bytes(length)
            case 3:
                spoilt[at : at + length] = b"\xff" * length
            case 4:
                del spoilt[at : at + length]
            case 5:
                spoilt[at:at] = spoilt[at : at + 30 * length]
        if len(spoilt) < 8:
            break
    return bytes(spoilt)


def decode_mutated(count: int, seed: int) -> int:
    chance = random.Random(seed)
    ways = sorted(WAYS)
    decoded = 0
    for number in range(count):
        data = mutated(WAYS[ways[number % len(ways)]], chance)
        try:
            picture = decode(data, LIMITS)
        except PictureError:
            continue
        except Exception as error:
            pytest.fail(f"{error!r} for {data.hex()}")
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[2] == 3
        decoded += 1
    return decoded


def test_20000_mutated_pictures_decode_or_are_refused() -> None:
    decoded = decode_mutated(20_000, seed=1)
    assert 2_000 < decoded < 18_000, "mutations must reach the decoders, and many must break the picture"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_million_mutated_pictures_decode_or_are_refused() -> None:
    assert 0 < decode_mutated(1_000_000, seed=2) < 1_000_000
