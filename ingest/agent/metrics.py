"""What Prometheus is told of the agent."""

from prometheus_client import Counter, Gauge

FRAMES = Counter(
    "rollcall_agent_frames",
    "Pictures by what became of them: unchanged, kept, stored, refused, dropped or unwritten",
    ["camera", "outcome"],
)
WAITING_FRAMES = Gauge("rollcall_agent_waiting_frames", "Pictures on disk that aren't confirmed", ["camera"])
WAITING_BYTES = Gauge("rollcall_agent_waiting_bytes", "Bytes of the pictures on disk", ["camera"])
READING = Gauge("rollcall_agent_reading", "1 while the camera's source can be read", ["camera"])
OFFSET = Gauge("rollcall_agent_clock_offset_seconds", "How far ingest's clock is ahead of this machine's")
