"""The demo's own stack: beside a user's data, and beside a user's running stack."""

from deploy.local.ports import free_ports, is_free
from deploy.local.settings import LocalSettings
from deploy.local.stack import LocalStack

_PORTS = ("kafka_port", "kafka_controller_port", "mongo_port", "ingest_port", "stream_port", "api_port")


def demo_stack() -> LocalStack:
    """Give a stack in a home of its own, on the usual ports where they are free, else on others.

    It ends with the calling process. `KAFKA_BOOTSTRAP` and `MONGO_URL` put a real cluster in the place of a part.
    """
    usual = LocalSettings()
    if all(is_free(getattr(usual, name)) for name in _PORTS):
        ports = {name: getattr(usual, name) for name in _PORTS}
    else:
        ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
    settings = LocalSettings.model_validate({"home": usual.home / "demo", **ports})
    return LocalStack(settings, end_with_caller=True)
