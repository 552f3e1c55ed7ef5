"""What can go wrong in recognition, as one tree.

    RecognitionError
     ├─ PictureError            the bytes can't be used as a picture
     │   ├─ NotAPicture             not_a_picture
     │   ├─ UnsupportedPicture      unsupported_picture
     │   ├─ TruncatedPicture        truncated_picture
     │   ├─ DamagedPicture          damaged_picture
     │   ├─ PictureTooSmall         picture_too_small
     │   ├─ PictureTooLarge         picture_too_large     too many pixels
     │   └─ PictureTooHeavy         picture_too_heavy     too many bytes
     ├─ EnrolmentError          the picture is sound, but no template can be enrolled from it
     │   ├─ NoFace                  no_face
     │   ├─ SeveralFaces            several_faces
     │   ├─ FaceTooSmall            face_too_small
     │   └─ FaceUnclear             face_unclear          dark, blurred, turned away
     ├─ TemplateError           a template can't be compared
     │   ├─ BadTemplate             bad_template
     │   └─ EncoderMismatch         encoder_mismatch
     ├─ EngineError
     │   ├─ UnknownEngine           unknown_engine
     │   ├─ EngineUnavailable       engine_unavailable
     │   ├─ BadEncoder              bad_encoder           a file of one's own that can't be used
     │   ├─ ProcessDied             process_died
     │   └─ DeadlinePassed          deadline_passed
     ├─ BadCalibration          bad_calibration       in recognition.scoring
     ├─ TooFewPeople            too_few_people        in recognition.calibration
     └─ BadGroups               bad_groups            in recognition.by_group

`code` is stable: it goes into replies, dead letters and metrics. `sentence` is for people: it says what is wrong and
what to do. All of them survive pickling, because they cross from the recognition pool to the stream app.
"""

from typing import ClassVar

__all__ = [
    "BadEncoder",
    "BadTemplate",
    "DamagedPicture",
    "DeadlinePassed",
    "EncoderMismatch",
    "EngineError",
    "EngineUnavailable",
    "EnrolmentError",
    "FaceTooSmall",
    "FaceUnclear",
    "NoFace",
    "NotAPicture",
    "PictureError",
    "PictureTooHeavy",
    "PictureTooLarge",
    "PictureTooSmall",
    "ProcessDied",
    "RecognitionError",
    "SeveralFaces",
    "TemplateError",
    "TruncatedPicture",
    "UnknownEngine",
    "UnsupportedPicture",
]


class RecognitionError(Exception):
    """Anything that recognition refuses."""

    code: ClassVar[str] = "recognition_error"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, for people."""
        return str(self.args[0])


class PictureError(RecognitionError):
    """The bytes can't be used as a picture."""

    code = "picture_error"


class NotAPicture(PictureError):
    """No known picture format begins like this."""

    code = "not_a_picture"


class UnsupportedPicture(PictureError):
    """A picture, of a format that isn't taken here."""

    code = "unsupported_picture"


class TruncatedPicture(PictureError):
    """The end is missing."""

    code = "truncated_picture"


class DamagedPicture(PictureError):
    """All there, but it can't be decoded."""

    code = "damaged_picture"


class PictureTooSmall(PictureError):
    """Too few pixels for a face."""

    code = "picture_too_small"


class PictureTooLarge(PictureError):
    """More pixels than may be decoded."""

    code = "picture_too_large"


class PictureTooHeavy(PictureError):
    """More bytes than may be taken."""

    code = "picture_too_heavy"


class EnrolmentError(RecognitionError):
    """The picture is sound, but no template can be enrolled from it."""

    code = "enrolment_error"


class NoFace(EnrolmentError):
    """No face was found."""

    code = "no_face"


class SeveralFaces(EnrolmentError):
    """More than one face, and none that is clearly the person meant."""

    code = "several_faces"


class FaceTooSmall(EnrolmentError):
    """The face has too few pixels to tell people apart by."""

    code = "face_too_small"


class FaceUnclear(EnrolmentError):
    """The face is too dark, too bright, blurred or turned away."""

    code = "face_unclear"


class TemplateError(RecognitionError):
    """A template can't be compared."""

    code = "template_error"


class BadTemplate(TemplateError):
    """Wrong shape, or numbers that aren't finite."""

    code = "bad_template"


class EncoderMismatch(TemplateError):
    """Templates of two encoders, which share no space and are never compared."""

    code = "encoder_mismatch"


class EngineError(RecognitionError):
    """An engine can't be had, or its process failed."""

    code = "engine_error"


class UnknownEngine(EngineError):
    """No engine has this name."""

    code = "unknown_engine"


class EngineUnavailable(EngineError):
    """The engine is known, but a package it needs is missing."""

    code = "engine_unavailable"


class BadEncoder(EngineError):
    """An encoder's ONNX file, or the description beside it, can't be used."""

    code = "bad_encoder"


class ProcessDied(EngineError):
    """The process that looked at a picture ended: by the picture, or by somebody."""

    code = "process_died"


class DeadlinePassed(EngineError):
    """Looking at a picture took longer than its deadline, and its process was ended."""

    code = "deadline_passed"
