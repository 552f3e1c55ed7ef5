"""One Kafka broker that is its own controller (KRaft), from jars, with little memory."""

import base64
import subprocess
import uuid
from pathlib import Path

from deploy.local.ports import LOOPBACK
from deploy.local.settings import LocalSettings

_LOG4J = Path(__file__).parent / "jars" / "log4j2.properties"
_FORMAT_DEADLINE_S = 60


class KafkaNotInstalled(Exception):
    """Kafka's jars, or Java, are not there."""


def _folder(settings: LocalSettings) -> Path:
    return settings.home / "kafka"


def _properties(settings: LocalSettings) -> str:
    node, controller = settings.kafka_port, settings.kafka_controller_port
    values = {
        "process.roles": "broker,controller",
        "node.id": 1,
        # Voters by setting, not in the log: then the next start may use another controller port.
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{node},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{node}",
        "log.dirs": _folder(settings) / "data",
        # A topic made by side effect would have the wrong retention: pictures would stay for a week.
        "auto.create.topics.enable": "false",
        # One node: with the default of 3 no group could commit an offset.
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # 50 by default: each costs file handles and a second at every start after a kill.
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.num.partitions": 4,
        # Consumers of a single machine come one by one; waiting for more of them costs 3 s at each start.
        "group.initial.rebalance.delay.ms": 0,
        # 128 MB of the heap by default, for compaction, which only the offsets topic needs here.
        "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
        "log.retention.check.interval.ms": round(settings.retention_check_s * 1000),
        "log.segment.delete.delay.ms": round(settings.delete_delay_s * 1000),
        # The first look for old segments comes 30 s after a start by default, however short the interval is.
        "log.initial.task.delay.ms": round(min(30.0, settings.retention_check_s) * 1000),
        # A killed broker may come back only when its last session has run out: 9 s by default.
        "broker.session.timeout.ms": 4000,
        "broker.heartbeat.interval.ms": 1000,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _java(settings: LocalSettings, main: str, *arguments: str) -> list[str]:
    # The optimising compiler costs a start more processor time (8.6 s; without it 5.3) than a local stack ever gains.
    return [settings.java, "-XX:TieredStopAtLevel=1", "-cp", f"{settings.kafka_libs}/*", main, *arguments]


def command(settings: LocalSettings) -> list[str]:
    """Give the broker's command line. `prepare` comes first."""
    heap = settings.kafka_heap_mb
    options = [
        f"-Xmx{heap}m",
        # The serial collector needs the least memory beside the heap.
        "-XX:+UseSerialGC",
        "-XX:ReservedCodeCacheSize=64m",
        # A broker without memory answers nobody and never recovers: it has to end, and be started again.
        "-XX:+ExitOnOutOfMemoryError",
        f"-Dlog4j2.configurationFile={_LOG4J}",
    ]
    java, *rest = _java(settings, "kafka.Kafka", str(_folder(settings) / "server.properties"))
    return [java, *options, *rest]


def prepare(settings: LocalSettings) -> None:
    """Write the broker's configuration, and format its folder where that was not done yet (about 2 s).

    Raises:
        KafkaNotInstalled: the jars or Java are missing, or Java could not format the folder.
    """
    if not any(settings.kafka_libs.glob("kafka_2.13-*.jar")):
        raise KafkaNotInstalled(f"there are no Kafka jars in {settings.kafka_libs}: run `make install`")
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    properties = folder / "server.properties"
    properties.write_text(_properties(settings))
    if (folder / "data" / "meta.properties").exists():
        return
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    formatting = _java(
        settings,
        "kafka.tools.StorageTool",
        "format",
        f"--cluster-id={cluster}",
        "-c",
        str(properties),
        "--ignore-formatted",
    )
    try:
        subprocess.run(  # noqa: S603  (our own command line)
            formatting, check=True, capture_output=True, text=True, timeout=_FORMAT_DEADLINE_S
        )
    except FileNotFoundError as error:
        raise KafkaNotInstalled(
            f"there is no {settings.java}: `sudo apt-get install openjdk-17-jre-headless`"
        ) from error
    except subprocess.SubprocessError as error:
        said = str(getattr(error, "stderr", None) or error).strip()
        raise KafkaNotInstalled(f"Kafka's folder {folder} could not be formatted: {said}") from error
