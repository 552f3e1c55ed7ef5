"""An encoder of one's own, from the picture to the name, by settings alone."""

from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from recognition import EncoderMismatch, Engine, Gallery, enrolment_face, load_engine
from recognition.calibration import Crowd, fit_calibration
from recognition.cli import calibrate
from recognition.models import ModelCache
from recognition.models.dlib_encoder import encoder_graph
from recognition.scoring import BadCalibration, unit
from tests.recognition.encoders.networks import DIMENSIONS, PLAIN, saved, squares
from tests.recognition.pictures import astronaut, both, encoded, grace_hopper


@pytest.fixture(params=["dlib", "arcface"])
def alignment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def own(alignment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    path = saved(
        tmp_path,
        squares(150 if alignment == "dlib" else 112),
        **{**PLAIN, "alignment": alignment, "channels": "bgr", "mirrored": True},
    )
    monkeypatch.setenv("ROLLCALL_ENCODER", str(path))
    monkeypatch.delenv("ROLLCALL_CALIBRATION", raising=False)
    return load_engine("fast")


def crowd_around(gallery: Gallery) -> Crowd:
    """People who differ as those two do, and whose looks differ little: this network sees no more in a face."""
    middle = gallery.matrix.mean(axis=0)
    apart = float(np.linalg.norm(gallery.matrix[0] - gallery.matrix[1])) / np.sqrt(2 * DIMENSIONS)
    generator = np.random.default_rng(1)

    def looks(count: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        person = middle + apart * generator.standard_normal(DIMENSIONS)
        return [*unit((person + 0.15 * apart * generator.standard_normal((count, DIMENSIONS))).astype(np.float32))]

    return Crowd.of_people({f"{i:03}": looks(1 + i % 5) for i in range(220)})


def enrolled(engine: Engine) -> Gallery:
    gallery = Gallery(engine.encoder)
    for name, photo in (("eileen", astronaut()), ("grace", grace_hopper())):
        template = enrolment_face(engine.look(encoded(photo, "PNG"))).template
        assert template is not None
        gallery.add(name, template)
    return gallery


def test_it_names_who_is_enrolled_once_it_is_calibrated(
    own: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = enrolled(own)
    assert own.encoder.startswith("small-net-")
    assert gallery.matrix.shape == (2, DIMENSIONS)
    fit_calibration(crowd_around(gallery), own.encoder, "drawn people", splits=1).save(tmp_path / "own.npz")
    monkeypatch.setenv("ROLLCALL_CALIBRATION", str(tmp_path / "own.npz"))
    look = own.look(encoded(both(), "JPEG", quality=95))
    answers = own.matcher.identify(look.faces, gallery)
    named = {answer.person: face.box.left < 512 for answer, face in zip(answers, look.faces, strict=True)}
    assert named == {"eileen": True, "grace": False}
    gallery.remove("grace")
    answers = own.matcher.identify(look.faces, gallery)
    assert sorted(str(answer.person) for answer in answers) == ["None", "eileen"]


def test_nobody_is_compared_before_it_has_a_calibration_of_its_own(own: Engine) -> None:
    gallery = enrolled(own)  # enrolling needs none
    assert len(gallery) == 2
    with pytest.raises(BadCalibration, match=rf"not of '{own.encoder}': fit one with `rollcall calibrate`"):
        _ = own.matcher


def test_its_templates_and_dlibs_are_never_compared(own: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    look = own.look(encoded(grace_hopper(), "PNG"))
    monkeypatch.delenv("ROLLCALL_ENCODER")
    dlibs = load_engine("fast")
    gallery = enrolled(dlibs)
    with pytest.raises(EncoderMismatch, match="small-net-"):
        dlibs.matcher.identify(look.faces, gallery)
    with pytest.raises(EncoderMismatch, match="small-net-"):
        gallery.add("grace", look.faces[0].template)  # type: ignore[arg-type]


def test_two_files_of_one_name_do_not_mix(own: Engine, alignment: str, tmp_path: Path) -> None:
    gallery = enrolled(own)
    saved(tmp_path, squares(150 if alignment == "dlib" else 112, seed=1), **{**PLAIN, "alignment": alignment})
    look = load_engine("fast").look(encoded(grace_hopper(), "PNG"))
    with pytest.raises(EncoderMismatch):
        gallery.add("grace", look.faces[0].template)  # type: ignore[arg-type]


def test_the_settings_are_refused_in_words_by_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_ENCODER", str(tmp_path / "none.onnx"))
    (tmp_path / "ada").mkdir()
    command = typer.Typer()
    command.command()(calibrate)
    ran = CliRunner().invoke(command, ["--images", str(tmp_path), "--out", str(tmp_path / "c.npz")])
    assert ran.exit_code == 2
    assert "set ROLLCALL_ENCODER to an ONNX file" in ran.output


def test_dlibs_own_network_as_a_file_makes_the_same_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dlib29.onnx"
    path.write_bytes(encoder_graph(ModelCache()))
    path.with_suffix(".toml").write_text(
        'name = "dlib29"\nalignment = "dlib"\nchannels = "rgb"\n'
        "mean = [122.782, 117.001, 104.298]\nscale = 0.00390625\nmirrored = true\n"
    )
    picture = encoded(grace_hopper(), "PNG")
    (usual,) = load_engine("fast").look(picture).faces
    monkeypatch.setenv("ROLLCALL_ENCODER", str(path))
    (own,) = load_engine("fast").look(picture).faces
    assert own.template is not None
    assert usual.template is not None
    assert own.template.encoder != usual.template.encoder
    # The usual one runs in 8 bits where the processor is faster at it.
    assert float(own.template.vector @ usual.template.vector) > 0.999
    assert own.quality == usual.quality
