"""Which text belongs to which picture.

A frame is a picture, or a text and the picture directly after it. Every picture gets exactly one reply. A text gets one
of its own only where no picture can be its: it is no metadata at all, or another text came in the picture's place.

So what is wrong in a text is answered with its picture: were the picture taken without it, a frame from an hour ago
would count as seen now.
"""

from dataclasses import dataclass

from ingest.codes import Code, Refused
from ingest.messages import Metadata, parse_metadata


@dataclass(slots=True)
class FrameAssembler:
    """Keeps the text until its picture comes.

    >>> assembler = FrameAssembler()
    >>> assembler.text('{"id": "door-17"}')
    []
    >>> assembler.picture().id
    'door-17'
    >>> assembler.picture().id is None
    True
    """

    _waiting: Metadata | Refused | None = None

    def text(self, text: str) -> list[Refused]:
        """Take a text message; give what has to be answered now, in order."""
        replaced, self._waiting = self._waiting, None
        try:
            self._waiting = parse_metadata(text)
        except Refused as refused:
            if refused.code is Code.NOT_A_PICTURE:
                return [_with_id(refused, replaced)]
            self._waiting = refused
        return [_never_came(replaced)] if replaced is not None else []

    def picture(self) -> Metadata:
        """Give what the camera said of the picture that has now come.

        Raises:
            Refused: the text before it was wrong.
        """
        waiting, self._waiting = self._waiting, None
        if isinstance(waiting, Refused):
            raise waiting
        return waiting or Metadata()


def _id_of(waiting: Metadata | Refused | None) -> str | None:
    return waiting.frame_id if isinstance(waiting, Refused) else waiting.id if waiting else None


def _with_id(refused: Refused, replaced: Metadata | Refused | None) -> Refused:
    return Refused(refused.code, refused.sentence, frame_id=_id_of(replaced))


def _never_came(replaced: Metadata | Refused) -> Refused:
    if isinstance(replaced, Refused):
        return replaced
    return Refused(
        Code.BAD_METADATA,
        "a picture must follow its text directly, as a binary message; another text came instead",
        frame_id=replaced.id,
    )
