"""Pictures in, identities out: faces, templates, galleries, and who is who. Usable alone.

    engine = load_engine("fast")
    gallery = Gallery(engine.encoder)
    gallery.add("ada", enrolment_face(engine.look(photo, thorough=True)).template)
    engine.matcher.identify(engine.look(frame).faces, gallery)

Importing it loads no model, and neither OpenCV nor Pillow nor dlib: what needs them imports them when it is called.
"""

from recognition.engine import SMALLEST_FACE, Engine, engines, load_engine
from recognition.enrol import SMALLEST_ENROLMENT_FACE, enrolment_face
from recognition.errors import (
    BadTemplate,
    DamagedPicture,
    DeadlinePassed,
    EncoderMismatch,
    EngineError,
    EngineUnavailable,
    EnrolmentError,
    FaceTooSmall,
    FaceUnclear,
    NoFace,
    NotAPicture,
    PictureError,
    PictureTooHeavy,
    PictureTooLarge,
    PictureTooSmall,
    ProcessDied,
    RecognitionError,
    SeveralFaces,
    TemplateError,
    TruncatedPicture,
    UnknownEngine,
    UnsupportedPicture,
)
from recognition.faces import Box, DetectorScale, Face, Look, Template, Timings
from recognition.gallery import Gallery
from recognition.header import PictureHeader
from recognition.matcher import Identity, Matcher
from recognition.picture import PictureLimits, decode, read_header
from recognition.process import LookAt, RecognitionProcess, look_with
from recognition.quality import Quality, faults
from recognition.watching import Glance, GlanceAt, Known, glance, glance_with

__all__ = [
    "SMALLEST_ENROLMENT_FACE",
    "SMALLEST_FACE",
    "BadTemplate",
    "Box",
    "DamagedPicture",
    "DeadlinePassed",
    "DetectorScale",
    "EncoderMismatch",
    "Engine",
    "EngineError",
    "EngineUnavailable",
    "EnrolmentError",
    "Face",
    "FaceTooSmall",
    "FaceUnclear",
    "Gallery",
    "Glance",
    "GlanceAt",
    "Identity",
    "Known",
    "Look",
    "LookAt",
    "Matcher",
    "NoFace",
    "NotAPicture",
    "PictureError",
    "PictureHeader",
    "PictureLimits",
    "PictureTooHeavy",
    "PictureTooLarge",
    "PictureTooSmall",
    "ProcessDied",
    "Quality",
    "RecognitionError",
    "RecognitionProcess",
    "SeveralFaces",
    "Template",
    "TemplateError",
    "Timings",
    "TruncatedPicture",
    "UnknownEngine",
    "UnsupportedPicture",
    "decode",
    "engines",
    "enrolment_face",
    "faults",
    "glance",
    "glance_with",
    "load_engine",
    "look_with",
    "read_header",
]
