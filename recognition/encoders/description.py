"""How an encoder's network wants its faces: the small file beside the ONNX file, JSON or TOML.

{"name": "arcface-r50", "alignment": "arcface", "channels": "rgb", "mean": 127.5, "scale": 0.00784313725}
"""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from recognition.errors import BadEncoder

__all__ = ["Description", "read_description"]

# An aligned face's rows and columns where the description doesn't say.
_USUAL_SIZE = {"dlib": 150, "arcface": 112}
# dlib's own; the share of a face's side that is added on every side.
_USUAL_PADDING = 0.25

_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Channels = Annotated[tuple[_Finite, ...], Field(min_length=3, max_length=3)]


class Description(BaseModel):
    """What the network takes.

    `name`: of the encoder. `alignment`: `dlib` (five points, a padded square) or `arcface` (the 112x112 similarity of
    ArcFace's models). `size`: rows and columns of its input. `padding`: with `dlib` alone. `channels`: their order.
    `layout`: `nchw` as PyTorch, `nhwc` as TensorFlow. `mean` and `scale`, a number or one for each channel in that
    order: the network is given (pixel − mean) · scale of pixels from 0 to 255. `mirrored`: whether a face and its
    mirror image are both encoded and averaged.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    alignment: Literal["dlib", "arcface"]
    size: Annotated[int, Field(ge=16, le=1024)]
    padding: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] | None
    channels: Literal["rgb", "bgr"]
    layout: Literal["nchw", "nhwc"] = "nchw"
    mean: _Channels
    scale: _Channels
    mirrored: bool = False

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        if not isinstance(given, dict):
            return given
        whole = dict(given)
        for name in ("mean", "scale"):
            if isinstance(whole.get(name), int | float):
                whole[name] = [whole[name]] * 3
        alignment = whole.get("alignment")
        if isinstance(alignment, str) and alignment in _USUAL_SIZE:
            whole.setdefault("size", _USUAL_SIZE[alignment])
        whole.setdefault("padding", _USUAL_PADDING if alignment == "dlib" else None)
        return whole

    @model_validator(mode="after")
    def _sound(self) -> "Description":
        if 0 in self.scale:
            raise ValueError("a scale of 0 makes all faces the same")
        if self.alignment == "arcface" and self.padding is not None:
            raise ValueError("padding belongs to the alignment dlib")
        return self


def read_description(path: Path) -> Description:
    """Return the description beside the ONNX file `path`: the same name with .json or .toml.

    Raises BadEncoder where there is none, or two, or what it says can't be used.
    """
    beside = [path.with_suffix(suffix) for suffix in (".json", ".toml")]
    found = [each for each in beside if each.is_file()]
    if len(found) != 1:
        what = "Both are there" if found else "There is neither"
        raise BadEncoder(f"{what}, {beside[0]} and {beside[1]}: one of them has to say what the encoder takes.")
    (file,) = found
    try:
        text = file.read_text(encoding="utf-8")
        return Description.model_validate(json.loads(text) if file.suffix == ".json" else tomllib.loads(text))
    except ValidationError as error:
        raise BadEncoder(f"{file} doesn't describe an encoder: {_told(error)}.") from error
    except (OSError, ValueError) as error:  # of a decoder's errors all are ValueErrors
        raise BadEncoder(f"{file} can't be read ({error}): write it anew.") from error


def _told(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'as a whole'}: {each['msg'].removeprefix('Value error, ')}"
        for each in error.errors()
    )
