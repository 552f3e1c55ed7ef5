import subprocess
import sys

import recognition

HEAVY = ("cv2", "PIL", "dlib", "face_recognition", "face_recognition_models", "scipy", "onnxruntime", "pkg_resources")
OURS = ("attendance", "ingest", "stream_app", "api", "deploy", "benchmarks")


def loaded_after(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    return {name.partition(".")[0] for name in output.split()}


def test_the_public_names_are_these() -> None:
    assert sorted(recognition.__all__) == [
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
        "SMALLEST_ENROLMENT_FACE",
        "SMALLEST_FACE",
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
    assert all(hasattr(recognition, name) for name in recognition.__all__)


def test_importing_it_loads_nothing_heavy_and_nothing_of_ours() -> None:
    loaded = loaded_after("import recognition")
    assert "recognition" in loaded
    assert not loaded & {*HEAVY, *OURS}


def test_a_process_that_only_compares_loads_no_model() -> None:
    loaded = loaded_after(
        "from recognition import Gallery, Template, Face, Box, load_engine\n"
        "engine = load_engine('face_recognition')\n"
        "template = Template(engine.encoder, [0.0] * 128)\n"
        "gallery = Gallery.of(engine.encoder, [('ada', template)])\n"
        "face = Face(Box(0, 0, 1, 1), 1.0, template=template)\n"
        "assert engine.matcher.identify([face], gallery)[0].person == 'ada'"
    )
    assert not loaded & {*HEAVY, *OURS}


def test_looking_imports_the_package_without_a_warning_and_leaves_pillow_strict() -> None:
    script = (
        "import numpy as np\n"
        "from recognition import load_engine\n"
        "load_engine('face_recognition').find(np.zeros((64, 64, 3), np.uint8))\n"
        "from PIL import ImageFile\n"
        "assert ImageFile.LOAD_TRUNCATED_IMAGES is False"
    )
    ran = subprocess.run([sys.executable, "-W", "always", "-c", script], check=True, capture_output=True, text=True)
    assert "pkg_resources" not in ran.stderr
