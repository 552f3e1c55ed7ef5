"""Pictures from files, in the very pixels that face_recognition gives."""

from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from recognition.errors import DamagedPicture, NotAPicture, PictureTooLarge, TruncatedPicture

__all__ = ["load_image_file"]


def load_image_file(file: str | Path | IO[bytes], mode: str | None = "RGB") -> NDArray[np.uint8]:
    """Return a picture of any format that Pillow reads: uint8 (height, width, 3), or (height, width) for mode `L`.

    As in that package EXIF rotation isn't applied, and without a mode the picture stays as it is stored. Raises OSError
    where there is no such file, NotAPicture, PictureTooLarge, TruncatedPicture and DamagedPicture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as opened:
            return np.array(opened.convert(mode) if mode else opened)
    except UnidentifiedImageError as error:
        raise NotAPicture(
            "The file isn't a picture in any format that Pillow reads: export it as JPEG or PNG."
        ) from error
    except Image.DecompressionBombError as error:
        raise PictureTooLarge(f"The picture has too many pixels ({error}): make it smaller.") from error
    except MemoryError:
        raise  # the machine's fault, not the picture's
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except (OSError, SyntaxError, ValueError) as error:
        if "truncated" in str(error).lower():
            raise TruncatedPicture("The end of the picture is missing: get the whole file.") from error
        raise DamagedPicture(f"The picture can't be decoded ({error}): get the file again.") from error
