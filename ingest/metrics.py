"""What Prometheus is told."""

from prometheus_client import Counter, Gauge, Histogram

FRAMES = Counter("rollcall_ingest_frames", "Frames by what became of them", ["outcome", "code"])
BYTES = Counter("rollcall_ingest_bytes", "Bytes of the pictures that Kafka confirmed")
REFUSED_CONNECTIONS = Counter("rollcall_ingest_refused_connections", "Connections that were refused or ended", ["code"])
CONFIRMATION = Histogram(
    "rollcall_ingest_confirmation_seconds",
    "Seconds from a picture's arrival to Kafka's confirmation",
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)
CONNECTIONS = Gauge("rollcall_ingest_connections", "Cameras connected")
IN_FLIGHT_FRAMES = Gauge("rollcall_ingest_in_flight_frames", "Frames that Kafka hasn't confirmed yet")
IN_FLIGHT_BYTES = Gauge("rollcall_ingest_in_flight_bytes", "Bytes of the frames that Kafka hasn't confirmed yet")
