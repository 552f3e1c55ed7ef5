import numpy as np
import pytest
from numpy.typing import NDArray

from recognition.tracking import CHANGE, change, thumbnail
from tests.recognition.pictures import astronaut

HEIGHT, WIDTH, FACE = 720, 1280, 40


def room() -> NDArray[np.uint8]:
    """A still scene with light and dark parts."""
    picture = np.asarray(astronaut().resize((WIDTH, HEIGHT)), np.float32)
    return (30 + 0.7 * picture).astype(np.uint8)


def through_a_camera(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """With the noise of a sensor and of JPEG."""
    import cv2

    noisy = picture + np.random.default_rng(seed).normal(0, 4, picture.shape)
    jpeg = cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 70])[1]
    decoded = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded, np.uint8)


def with_face(x: int, y: int) -> NDArray[np.uint8]:
    """The room with a real face of the smallest size in it."""
    picture = room()
    picture[y : y + FACE, x : x + FACE] = np.asarray(astronaut().crop((175, 65, 275, 185)).resize((FACE, FACE)))
    return picture


def differs(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> bool:
    taken = (thumbnail(through_a_camera(picture, seed)) for seed, picture in enumerate((before, now)))
    return change(*taken) >= CHANGE


def test_noise_of_a_still_scene_is_no_change() -> None:
    assert not any(differs(room(), room()) for _ in range(3))


@pytest.mark.parametrize("light", [0.9, 0.95, 1.05, 1.1])
def test_a_lamp_that_flickers_is_no_change(light: float) -> None:
    assert not differs(room(), (room() * light).clip(0, 255).astype(np.uint8))


def test_the_bands_of_mains_flicker_are_no_change() -> None:
    # 100 flashes a second under a rolling shutter that takes 1/30 s for the frame: three bands, at another phase.
    rows = np.arange(HEIGHT)[:, None, None] / HEIGHT
    one, other = (
        (room() * (1 + 0.05 * np.sin(2 * np.pi * (3.3 * rows + phase)))).astype(np.uint8) for phase in (0, 0.4)
    )
    assert not differs(one, other)


@pytest.mark.parametrize("place", [(300, 100), (313, 487), (1000, 333), (5, 5)])
def test_a_face_of_the_smallest_size_that_comes_or_goes_is_a_change(place: tuple[int, int]) -> None:
    assert differs(room(), with_face(*place))
    assert differs(with_face(*place), room())


def test_a_face_that_moves_by_half_its_width_is_a_change() -> None:
    assert differs(with_face(400, 300), with_face(400 + FACE // 2, 300))


def test_a_slow_move_is_seen_against_the_last_frame_that_was_looked_at() -> None:
    looked_at = with_face(400, 300)
    moved = [differs(looked_at, with_face(400 + 4 * step, 300)) for step in range(12)]
    assert moved[-1]


def test_another_size_of_picture_is_a_change() -> None:
    wide, tall = (np.zeros(shape, np.uint8) for shape in ((720, 1280, 3), (1280, 720, 3)))
    assert change(thumbnail(wide), thumbnail(tall)) == float("inf")


def test_a_thumbnail_is_small_whatever_the_picture() -> None:
    for height, width in ((1, 1), (16, 4000), (2160, 3840), (288, 352)):
        rows, columns = thumbnail(np.zeros((height, width, 3), np.uint8), smallest_face=20).shape
        assert rows * columns <= 160 * 160


def test_dark_frames_do_not_divide_by_zero() -> None:
    black = np.zeros((480, 640, 3), np.uint8)
    assert change(thumbnail(black), thumbnail(black)) == 0
    assert change(thumbnail(black), thumbnail(black + np.uint8(255))) >= CHANGE
