"""What is wrong with a frame that reached the topic is said in the dead letters, and the stream goes on."""

import io
import struct
import zlib
from dataclasses import dataclass
from datetime import timedelta

from PIL import Image

from attendance.cameras import Camera
from attendance.ids import new_id
from attendance.status import Status
from ingest.contract import GATEWAY_KEY_ID, Frame, to_headers
from tests.system.campus import Campus
from tests.system.conftest import MakeCampus
from tests.system.pictures import astronaut, hopper, jpeg
from tests.system.school import School
from tests.system.waiting import closed

LARGEST_PICTURE = 8_000_000

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True)
class Bad:
    """A message that must be refused, and why."""

    reason: str
    key: bytes | None
    value: bytes | None
    headers: Headers


def _pixel_bomb() -> bytes:
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + end


def _one_pixel() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (1, 1)).save(picture, "PNG")
    return picture.getvalue()


class Producer:
    """A camera that produces straight to Kafka, and gets things wrong."""

    def __init__(self, campus: Campus, school: School) -> None:
        self._key = campus.gateway_key
        self._camera = school.camera
        self._moment = school.meeting.start + timedelta(minutes=3)

    def frame(self, picture: bytes, *, camera: Camera | None = None, shift: timedelta = timedelta()) -> Frame:
        camera = camera or self._camera
        return Frame(new_id(), camera.id, self._moment + shift, "image/jpeg", picture)

    def signed(self, reason: str, frame: Frame) -> Bad:
        headers = to_headers(frame, key_id=GATEWAY_KEY_ID, key=self._key)
        return Bad(reason, frame.camera_id.encode(), frame.picture, headers)

    def all(self) -> list[Bad]:
        good = jpeg(astronaut())
        sound = self.signed("", self.frame(good))
        without_signature = [header for header in sound.headers if header[0] != "ce_signature"]
        return [
            Bad("missing_key", None, good, sound.headers),
            Bad("missing_value", sound.key, None, sound.headers),
            Bad("missing_header", sound.key, good, []),
            Bad("missing_header", sound.key, good, without_signature),
            Bad("bad_key", b"\xff\xfe", good, sound.headers),
            Bad("bad_header", sound.key, good, [*sound.headers, ("ce_id", b"again")]),
            Bad("bad_header", sound.key, good, [("ce_id", b"\xff"), *sound.headers[:1], *sound.headers[2:]]),
            Bad("bad_signature", sound.key, good + b"changed on the way", sound.headers),
            Bad("wrong_source", b"another-camera", good, sound.headers),
            self.signed("unknown_camera", self.frame(good, camera=Camera(new_id(), "room"))),
            self.signed("clock", self.frame(good, shift=timedelta(days=365))),
            self.signed("clock", self.frame(good, shift=-timedelta(days=1))),
            self.signed("not_a_picture", self.frame(b"a text where a picture belongs")),
            self.signed("truncated_picture", self.frame(good[: len(good) // 2])),
            self.signed("picture_too_small", self.frame(_one_pixel())),
            self.signed("picture_too_large", self.frame(_pixel_bomb())),
            self.signed("not_a_picture", self.frame(b"x" * LARGEST_PICTURE)),
        ]


async def test_every_bad_message_lands_in_the_dead_letters_with_its_reason_and_the_stream_goes_on(
    make_campus: MakeCampus,
) -> None:
    campus, school = make_campus(), School.of("dead letters", minutes=10)
    await campus.prepare()
    await school.plant(campus.store)
    bad = Producer(campus, school).all()
    lecture = list(school.frames(hopper_from=timedelta(minutes=6), astronaut_from=timedelta(minutes=1)))
    await campus.produce(lecture[:8])
    await campus.produce_raw([(each.key, each.value, each.headers) for each in bad])
    await campus.produce(lecture[8:])
    campus.start("stream")
    await closed(campus, school.meeting.id)

    dead = await campus.read(campus.connection.topics.frames_dead, len(bad) + 1, seconds=5)
    assert sorted(dict(letter.headers)["dead_reason"].decode() for letter in dead) == sorted(b.reason for b in bad)
    for letter in dead:
        headers = dict(letter.headers)
        assert headers["dead_topic"].decode() == campus.connection.topics.frames
        assert headers["dead_error"]
        assert headers["dead_partition"].isdigit()
        assert headers["dead_offset"].isdigit()
    records = {record.student_id: record for record in await campus.store.records.of_meeting(school.meeting.id)}
    assert records[school.students["hopper"]].status is Status.PRESENT
    assert records[school.students["astronaut"]].status is Status.PRESENT


async def test_a_frame_sent_twice_is_counted_once(make_campus: MakeCampus) -> None:
    campus, school = make_campus(), School.of("resend", minutes=10)
    await campus.prepare()
    await school.plant(campus.store)
    moment = school.meeting.start
    seen = Frame("the-same", school.camera.id, moment, "image/jpeg", jpeg(hopper()))
    after = Frame("after", school.camera.id, school.meeting.end + timedelta(seconds=30), "image/jpeg", jpeg(hopper()))
    await campus.produce([seen, seen, seen, after])
    campus.start("stream")
    await closed(campus, school.meeting.id)
    record = await campus.store.records.get(school.meeting.id, school.students["hopper"])
    assert record is not None
    assert record.evidence is not None
    assert record.evidence.frames == 1
