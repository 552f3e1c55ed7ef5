"""Which face of a frame goes on which track: motion, overlap and template similarity weighed together.

Each pair gets the logarithm of how many times likelier it is that they are one person than two (a log-likelihood
ratio), and the surest pairs are settled first. At 25 frames a second boxes overlap and place alone decides; at one
frame a second a walking person is several faces further on, place says little, and the template decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.assignment import assign
from recognition.faces import Box

__all__ = ["Motion", "Place", "associate", "likelihoods", "overlaps", "plainly"]

# Every pair's evidence is capped, or a template that is very alike would join two faces at the far ends of a frame.
_MOST_TEMPLATE_EVIDENCE = 6.0
_LEAST_TEMPLATE_EVIDENCE = -12.0
# Log-likelihood for a box that overlaps wholly: the centres' distance alone takes a small face in front of a large one
# for the same.
_OVERLAP_EVIDENCE = 2.0
# Logarithm of how rarely a face that was out of sight comes back in just this frame, at just the place of one that was
# not, and that one is gone: without it each track lost in the last seconds would have everyone near it encoded.
_COMES_BACK = -3.0
# A lost track's speed says less and less of where it is; without a limit it would be sought outside the picture.
_LONGEST_PREDICTION = 1.0
# Pixels; a box without width would divide by zero.
_LEAST_WIDTH = 1e-6


@dataclass(frozen=True)
class Motion:
    """How faces move, in face widths, and how templates differ.

    `jitter`: how far a box's centre wanders between two frames at once, by the detector alone. `speed`: standard
    deviation of a person's unforeseen movement in a second (someone who walks does about 9 in a second, a lecture's
    audience less than one). `furthest`: what no movement exceeds, however long a track was lost. `density`: faces for
    each square face width, elsewhere in the picture: a full lecture hall has about one in twenty. `size_change`:
    standard deviation of the logarithm of a face's width. `boundary` and `steepness`: 1 − cosine at which a pair of
    templates tells nothing, and how fast it tells more to each side: for dlib's encoder, 0.018 within a track, below
    0.091 for 99 % of two photos of a person, and below 0.094 for 1 % of two people at large, but for many more of two
    in a group that the encoder packs closely. `least`: the evidence that a face needs to continue a track. Above 0,
    because the mistakes differ in price: a track that breaks costs one more chance, a stranger who is taken onto a
    named track gets the name for nothing.
    """

    jitter: float = 0.25
    speed: float = 1.0
    furthest: float = 8.0
    density: float = 0.02
    size_change: float = 0.25
    boundary: float = 0.06
    steepness: float = 120.0
    least: float = 2.0


@dataclass(frozen=True)
class Place:
    """Where a track was: its box, its centre's velocity in pixels a second, and seconds since then."""

    box: Box
    velocity: tuple[float, float]
    ago: float

    @property
    def predicted(self) -> Box:
        """Where its box should be now, at constant velocity."""
        seconds = min(self.ago, _LONGEST_PREDICTION)
        right, down = self.velocity[0] * seconds, self.velocity[1] * seconds
        box = self.box
        return Box(box.left + right, box.top + down, box.right + right, box.bottom + down)


def likelihoods(
    places: Sequence[Place], boxes: Sequence[Box], cosines: NDArray[np.float32], motion: Motion
) -> NDArray[np.float32]:
    """Return float32 (tracks, faces): log-likelihood ratios, above 0 where one person is likelier than two.

    `cosines`: float32 (tracks, faces), NaN where one of the two has no template: then place alone decides.
    """
    told = np.clip(
        motion.steepness * (motion.boundary - (1 - cosines)), _LEAST_TEMPLATE_EVIDENCE, _MOST_TEMPLATE_EVIDENCE
    )
    return np.asarray(_evidence_of_place(places, boxes, motion) + np.nan_to_num(told), np.float32)


def associate(
    places: Sequence[Place], boxes: Sequence[Box], cosines: NDArray[np.float32], motion: Motion
) -> list[int | None]:
    """Return, for each track, the face that continues it, or None; a face continues one track at most.

    A track goes first to its surest face, and equal ones to the earlier track and face, so that the same input gives
    the same answer.
    """
    return assign(likelihoods(places, boxes, cosines, motion), motion.least)


def plainly(places: Sequence[Place], boxes: Sequence[Box], motion: Motion) -> list[int | None]:
    """Return, for each face, the track that it continues as place alone tells beyond doubt, else None.

    Beyond doubt is: no other face is a place for that track, and no other track for that face, that a template could
    make the likelier one.
    """
    evidence = _evidence_of_place(places, boxes, motion)
    if not evidence.size:
        return [None] * len(boxes)
    ago = np.array([place.ago for place in places])
    evidence = evidence + np.where(ago > ago.min(), _COMES_BACK, 0.0)[:, None]
    answers: list[int | None] = []
    for column in range(len(boxes)):
        row = int(evidence[:, column].argmax())
        own = evidence[row, column]
        rivals = np.concatenate([np.delete(evidence[row], column), np.delete(evidence[:, column], row)])
        is_plain = own >= motion.least and not (rivals > own - _MOST_TEMPLATE_EVIDENCE).any()
        answers.append(row if is_plain else None)
    return answers


def overlaps(some: Sequence[Box], others: Sequence[Box]) -> NDArray[np.float32]:
    """Return the intersection over union of each of some boxes with each of others: float32 (some, others)."""
    return _overlaps(_corners(some)[:, None], _corners(others)[None]).astype(np.float32)


def _overlaps(some: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    shared = np.clip(np.minimum(some, others)[..., 2:] - np.maximum(some, others)[..., :2], 0, None).prod(axis=-1)
    areas = (some[..., 2:] - some[..., :2]).prod(axis=-1) + (others[..., 2:] - others[..., :2]).prod(axis=-1)
    return np.asarray(shared / np.maximum(areas - shared, _LEAST_WIDTH**2), np.float64)


def _evidence_of_place(places: Sequence[Place], boxes: Sequence[Box], motion: Motion) -> NDArray[np.float64]:
    tracks, faces = _corners([place.predicted for place in places])[:, None], _corners(boxes)[None]
    ago = np.array([place.ago for place in places], np.float64)[:, None]
    was, now = (np.maximum(each[..., 2] - each[..., 0], _LEAST_WIDTH) for each in (tracks, faces))
    middles = (tracks[..., :2] + tracks[..., 2:] - faces[..., :2] - faces[..., 2:]) / 2
    away = np.hypot(middles[..., 0], middles[..., 1]) / ((was + now) / 2)
    spread = np.minimum(motion.jitter + motion.speed * ago, motion.furthest / 2)
    growth = np.log(now / was) / (motion.size_change * (1 + np.minimum(ago, _LONGEST_PREDICTION)))
    evidence = -np.log(2 * np.pi * spread**2 * motion.density) - (away / spread) ** 2 / 2 - growth**2 / 2
    evidence = evidence + _OVERLAP_EVIDENCE * _overlaps(tracks, faces)
    return np.where(away > motion.furthest, -np.inf, evidence)


def _corners(boxes: Sequence[Box]) -> NDArray[np.float64]:
    return np.array([(box.left, box.top, box.right, box.bottom) for box in boxes], np.float64).reshape(-1, 4)
