"""What ingest and API check of a picture before they pass it on: recognition's own check, so that all agree."""

from recognition import PictureError, PictureHeader, PictureLimits, read_header

__all__ = ["PictureError", "PictureHeader", "PictureLimits", "read_header"]
