"""A real RTSP server, GStreamer's, run by Debian's own Python: `/usr/bin/python3 rtsp_server.py PICTURES_A_SECOND`.

Each picture shows the moment at which it was given to the encoder, as 48 bits of black and white squares: milliseconds
since 1970. Prints its port once it listens.
"""

import sys
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

WIDTH, HEIGHT, SQUARE, ACROSS = 640, 360, 32, 16


def picture(moment_ms: int) -> bytes:
    lines = []
    for row in range(48 // ACROSS):
        bits = [moment_ms >> (47 - row * ACROSS - column) & 1 for column in range(ACROSS)]
        line = b"".join((b"\xeb" if bit else b"\x10") * SQUARE for bit in bits).ljust(WIDTH, b"\x80")
        lines += [line] * SQUARE
    return b"".join(lines) + b"\x80" * (WIDTH * (HEIGHT - len(lines)))


class Pictures(GstRtspServer.RTSPMediaFactory):  # type: ignore[misc]  # Debian's packages have no types
    def __init__(self, a_second: int) -> None:
        super().__init__()
        self._interval_ms = 1000 // a_second
        self.set_shared(True)
        self.set_launch(
            f"( appsrc name=pictures is-live=true format=time do-timestamp=true "
            f"caps=video/x-raw,format=GRAY8,width={WIDTH},height={HEIGHT},framerate={a_second}/1 ! "
            "videoconvert ! video/x-raw,format=I420 ! "
            f"x264enc tune=zerolatency speed-preset=ultrafast key-int-max={a_second} bitrate=2000 ! "
            "rtph264pay name=pay0 pt=96 config-interval=1 )"
        )

    def feed(self, media: "GstRtspServer.RTSPMedia") -> None:
        source = media.get_element().get_child_by_name("pictures")
        playing = True

        def push() -> bool:
            moment = round(time.time() * 1000)
            if playing:
                source.emit("push-buffer", Gst.Buffer.new_wrapped(picture(moment)))
            return playing

        def end(_media: "GstRtspServer.RTSPMedia") -> None:
            nonlocal playing
            playing = False

        media.connect("unprepared", end)
        GLib.timeout_add(self._interval_ms, push)


def main() -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    pictures = Pictures(int(sys.argv[1]))
    pictures.connect("media-configure", lambda _factory, media: pictures.feed(media))
    server.get_mount_points().add_factory("/door", pictures)
    server.attach(None)
    print(server.get_bound_port(), flush=True)  # noqa: T201
    GLib.MainLoop().run()


main()
