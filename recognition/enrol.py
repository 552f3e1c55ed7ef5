"""Which face of a photo is the person to enrol."""

from recognition.errors import FaceTooSmall, FaceUnclear, NoFace, SeveralFaces
from recognition.faces import Face, Look
from recognition.quality import faults

__all__ = ["SMALLEST_ENROLMENT_FACE", "enrolment_face"]

# A template is compared with for years: one made from a smaller face misses its person more often (at 40 pixels 21 %
# instead of 16 %), and a photo can be taken again.
SMALLEST_ENROLMENT_FACE = 80.0

# A find that is passed over may be at most this much wider than the face taken: a larger one might be the person meant.
_NOT_MUCH_WIDER = 1.1


def enrolment_face(look: Look, smallest_face: float = SMALLEST_ENROLMENT_FACE) -> Face:
    """Return the one face of a photo that may be enrolled; `smallest_face` is its least width in pixels.

    Raises NoFace, SeveralFaces, FaceTooSmall or FaceUnclear, with what to do in words. A second find is passed over
    only if the detector itself gives it little (below `weak`), while the face taken is plain (from `strong`) and about
    as large or larger: a false find, such as HOG's in the cloth of scikit-image's astronaut, or a bystander cut off by
    the edge.
    Two plain faces are always refused: the wrong one would be enrolled under a name.
    """
    if not look.faces:
        raise NoFace("No face was found: send a photo of one person, seen from the front, in good light.")
    face, *others = sorted(look.faces, key=lambda each: -each.score)
    plain = face.score >= look.scale.strong
    rivals = [
        other
        for other in others
        if not (plain and other.score < look.scale.weak and other.box.width <= _NOT_MUCH_WIDER * face.box.width)
    ]
    if rivals:
        raise SeveralFaces(f"{_count(1 + len(rivals))} faces were found: send a photo of one person alone.")
    if face.box.width < smallest_face:
        raise FaceTooSmall(
            f"The face is too small: {face.box.width:.0f} pixels, {smallest_face:.0f} needed. "
            "Send a larger photo, or one taken from nearer."
        )
    if face.quality is not None and (reasons := faults(face.quality)):
        raise FaceUnclear(" ".join(reasons))
    return face


def _count(number: int) -> str:
    return {2: "Two", 3: "Three", 4: "Four"}.get(number, str(number))
