"""The demo's photos. None of them is in this repository: they come inside packages that are installed or fetched.

Two people are in face_recognition's source package (its test images), one in scikit-image, one in matplotlib; see
docs/licences.md.
"""

import hashlib
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SOURCE = "face_recognition-1.3.0.tar.gz"
SOURCE_SHA256 = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"  # the same as in requirements.lock
_FOLDER = "face_recognition-1.3.0/tests/test_images"

Picture = NDArray[np.uint8]  # BGR, as OpenCV has it


class PhotosMissing(RuntimeError):
    """The photos can't be had; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Photos:
    """The four people's photos, BGR."""

    on_time_enrolled: tuple[Picture, ...]
    on_time_shown: Picture
    late_enrolled: Picture
    late_shown: Picture
    never_seen_enrolled: Picture
    stranger_shown: Picture


def load_photos(cache: Path) -> Photos:
    """Fetch what is not in the cache yet, check it, and give the photos.

    Raises:
        PhotosMissing: the source package can't be fetched, or isn't the one that it should be.
    """
    package = _source_package(cache)
    biden = _read(package, "biden.jpg")
    import matplotlib as mpl  # heavy, and nothing but the demo needs it
    import skimage.data

    hopper = cv2.imread(str(Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"))
    if hopper is None:
        raise PhotosMissing("matplotlib's sample picture grace_hopper.jpg is missing: run `make install` again")
    astronaut = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return Photos(
        on_time_enrolled=(_read(package, "obama.jpg"), _read(package, "obama3.jpg")),
        on_time_shown=_read(package, "obama2.jpg"),
        late_enrolled=biden,
        late_shown=_altered(biden),
        never_seen_enrolled=np.asarray(hopper, np.uint8),
        stranger_shown=np.asarray(cv2.cvtColor(astronaut, cv2.COLOR_RGB2BGR), np.uint8),
    )


def to_jpeg(picture: Picture, quality: int = 90) -> bytes:
    """Encode a picture as JPEG."""
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


def _source_package(cache: Path) -> Path:
    package = cache / SOURCE
    if not package.exists():
        cache.mkdir(parents=True, exist_ok=True)
        requirement = cache / "requirement.txt"
        requirement.write_text(f"face-recognition==1.3.0 --hash=sha256:{SOURCE_SHA256}\n")
        options = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes", "--quiet"]
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(cache), "-r", str(requirement)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
        if done.returncode or not package.exists():
            raise PhotosMissing(
                f"The demo's photos are in face_recognition's source package, which can't be fetched:\n{done.stderr}"
                f"Fetch {SOURCE} by any way and put it into {cache}."
            )
    found = hashlib.sha256(package.read_bytes()).hexdigest()
    if found != SOURCE_SHA256:
        raise PhotosMissing(f"{package} is not the package that it should be (SHA-256 {found}): remove it, try again")
    return package


def _read(package: Path, name: str) -> Picture:
    with tarfile.open(package) as archive:
        file = archive.extractfile(f"{_FOLDER}/{name}")
        if file is None:
            raise PhotosMissing(f"{package} has no {name}: remove it, try again")
        return _decode(file.read())


def _decode(data: bytes) -> Picture:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise PhotosMissing("a photo of the source package can't be decoded: remove the package, try again")
    return np.asarray(picture, np.uint8)


def _altered(picture: Picture) -> Picture:
    # Another light, turned by some degrees, softer: what a camera makes of the same face.
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 4, 1.0)
    turned = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.convertScaleAbs(cv2.GaussianBlur(turned, (3, 3), 0), alpha=0.85, beta=10), np.uint8)
