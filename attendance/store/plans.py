"""How the database answers what the store asks: by which index, after looking at how many documents."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from attendance.settings import ConnectionSettings
from attendance.store.collection import Document
from attendance.store.connection import Store

_ASKING = ("find", "aggregate", "distinct", "count", "update")


@dataclass(frozen=True, slots=True)
class Plan:
    """One question: `index` is None where every document of the collection was looked at."""

    command: str
    collection: str
    index: str | None
    looked_at: int


async def plans_of(settings: ConnectionSettings, ask: Callable[[Store], Awaitable[object]]) -> list[Plan]:
    """Let something be asked of a store, and give the database's plan for each question that this took."""
    listener = _Questions()
    store = Store(settings, listeners=(listener,))
    try:
        await ask(store)
    finally:
        store.close()
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(settings.mongo_url)
    try:
        return [await _plan(client, settings.database, command) for command in listener.asked]
    finally:
        client.close()


class _Questions(CommandListener):
    def __init__(self) -> None:
        self.asked: list[Document] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in _ASKING:
            self.asked.append({name: value for name, value in event.command.items() if name not in _OF_THE_DRIVER})

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


_OF_THE_DRIVER = ("lsid", "$db", "$clusterTime", "$readPreference", "txnNumber", "writeConcern", "ordered")


async def _plan(client: AsyncIOMotorClient[Document], database: str, command: Document) -> Plan:
    (name, collection), *_ = command.items()
    # How an update finds its document is asked as a question: SecantusDB explains every update as a look at all.
    question = {"find": collection, "filter": command["updates"][0]["q"]} if name == "update" else command
    told = await client[database].command({"explain": question, "verbosity": "executionStats"})
    stages = list(_stages(told))
    indexes = [stage["indexName"] for stage in stages if "indexName" in stage]
    by_id = any(stage.get("stage") in ("IDHACK", "EXPRESS_IXSCAN") for stage in stages)
    return Plan(
        command=name,
        collection=collection,
        index=indexes[0] if indexes else "_id_" if by_id else None,
        looked_at=max((stage["totalDocsExamined"] for stage in stages if "totalDocsExamined" in stage), default=0),
    )


def _stages(told: Any) -> Any:  # noqa: ANN401 - whatever a server's explain holds
    if isinstance(told, dict):
        yield told
        for value in told.values():
            yield from _stages(value)
    elif isinstance(told, list):
        for value in told:
            yield from _stages(value)
