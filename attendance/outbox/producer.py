"""The Kafka producer of everything that must not be lost."""

from aiokafka import AIOKafkaProducer

# A broker that is restarted after a kill needs up to 20 s; a shorter wait would give up on it each time.
REQUEST_TIMEOUT_MS = 30_000


def make_producer(bootstrap: str, *, client_id: str, largest_message: int = 1_048_576) -> AIOKafkaProducer:
    """Make a producer that a reply from all in-sync replicas confirms, and whose retries add nothing twice.

    Its default partitioner is Kafka's murmur2, so a key goes to the same partition as from the Java clients. It has
    to be started from inside the event loop.
    """
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        max_request_size=largest_message,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        linger_ms=0,
    )
