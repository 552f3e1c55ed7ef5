"""What Prometheus is told."""

from prometheus_client import Counter, Gauge, Histogram

FRAMES = Counter("rollcall_stream_frames", "Frames by what became of them", ["outcome"])
LOST = Counter("rollcall_stream_frames_lost", "Frames that Kafka deleted before they were looked at")
REFUSED = Counter("rollcall_stream_refused", "Refused frames by reason", ["reason"])
FACES = Counter("rollcall_stream_faces", "Faces found by whether they were recognised", ["answer"])
DECISIONS = Counter("rollcall_stream_decisions", "Tracks that got a name, and names that were taken back", ["kind"])
TRACKS = Counter("rollcall_stream_tracks", "Tracks that are over, by whether they had a name", ["answer"])
TRACKS_OPEN = Gauge("rollcall_stream_tracks_open", "Faces that are followed now")
RECORDS = Counter("rollcall_stream_revisions", "Revisions of attendance records made here", ["status"])
CLOSED = Counter("rollcall_stream_meetings_closed", "Meetings closed here", ["state"])
POOL_RESTARTS = Counter("rollcall_stream_pool_restarts", "Recognition processes ended by a frame", ["why"])
SECONDS = Histogram(
    "rollcall_stream_seconds",
    "Seconds a frame spends in a stage",
    ["stage"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)
# By partition, of those assigned to this worker alone: what tells which of them stands still.
PARTITION_LAG_FRAMES = Gauge("rollcall_stream_partition_lag_frames", "Frames that are not committed", ["partition"])
PARTITION_LAG_SECONDS = Gauge(
    "rollcall_stream_partition_lag_seconds", "How long ago the oldest frame under way came to Kafka", ["partition"]
)
COVERAGE = Gauge(
    "rollcall_stream_coverage", "Share looked at, so far, of the meetings that are on: lowest and mean", ["of"]
)
MEETINGS_ON = Gauge("rollcall_stream_meetings_on", "Meetings that are on and had a frame here")
UNACKNOWLEDGED_FRAMES = Gauge("rollcall_stream_unacknowledged_frames", "Frames under way")
UNACKNOWLEDGED_BYTES = Gauge("rollcall_stream_unacknowledged_bytes", "Bytes that frames under way hold")
SKIPPED = Counter("rollcall_stream_skipped", "Frames not looked at because more came than can be", ["reason", "camera"])
THINNING = Gauge("rollcall_stream_thinning_step", "How hard frames are thinned; 0 looks at every one")
POOL_LOOKS = Gauge("rollcall_stream_pool_looks_per_second", "What the recognition pool can do; 0: not known yet")
LAG_SECONDS = Gauge("rollcall_stream_lag_seconds", "Seconds since the oldest waiting frame arrived on Kafka")
LAG_FRAMES = Gauge("rollcall_stream_lag_frames", "Frames that wait, here and in Kafka")
OUTBOX_AGE = Gauge("rollcall_stream_outbox_age_seconds", "How long the longest waiting event waits")
