"""`rollcall init`."""

import asyncio

from rich.console import Console

from attendance.settings import ConnectionSettings
from deploy.failures import told_plainly
from deploy.init import initialise


def init() -> None:
    """Make what is not there yet: keys, indexes, topics, and the first administrator's token."""
    console = Console(highlight=False)
    with told_plainly():
        outcome = asyncio.run(initialise(ConnectionSettings()))
    console.print(outcome.summary, markup=False, soft_wrap=True)
    for topic in outcome.topics:
        if topic.differences:
            console.print(f"topic {topic.name} differs ({'; '.join(topic.differences)}): see `rollcall topics`")
    if outcome.administrator_token:
        show_token(outcome.administrator_token, console)


def show_token(token: str, console: Console) -> None:
    """Print the first administrator's token."""
    console.print("\nThe first administrator's token. It is shown now and never again:")
    console.print(token, markup=False, soft_wrap=True, style="bold")
