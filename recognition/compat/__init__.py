"""face_recognition's public functions on this package's models: the same arguments, shapes and boxes, ten times faster.

    import recognition.compat as face_recognition

    picture = face_recognition.load_image_file("photo.jpg")
    (encoding,) = face_recognition.face_encodings(picture)
    face_recognition.compare_faces([known], encoding)

For programs that have face_recognition and only change that line. What differs:

- Nothing is loaded at import, and the 68-point model, whose training data forbid commercial use, only where
  `model="large"` is asked for (which, as there, is the default of `face_landmarks`).
- A file that is no picture, or is cut off, raises a PictureError (`recognition.errors`), where that package raises
  whatever Pillow does, or fills what is missing with grey.
- A `model` that doesn't exist is refused, by `face_encodings` too, where that package takes it for `large`.

Its threshold stays as well: 0.6 names strangers (docs/recognition.md). Who wants the promise kept uses
`load_engine("fast").matcher`.
"""

from recognition.compat.compare import compare_faces, face_distance
from recognition.compat.encodings import face_encodings
from recognition.compat.landmarks import face_landmarks
from recognition.compat.locations import Location, batch_face_locations, face_locations
from recognition.compat.pictures import load_image_file

__all__ = [
    "Location",
    "batch_face_locations",
    "compare_faces",
    "face_distance",
    "face_encodings",
    "face_landmarks",
    "face_locations",
    "load_image_file",
]
