"""Turns failures that a person can mend into one sentence and exit code 1, instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from rich.console import Console

from attendance.keys import KeyUnusable
from attendance.store import StoreUnavailable


@contextmanager
def told_plainly(*kinds: type[Exception]) -> Iterator[None]:
    """Show these failures, and those that every command can meet, as a sentence.

    Raises:
        typer.Exit: with code 1, in the place of the failure.
    """
    try:
        yield
    except ValidationError as error:
        _tell("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()))
        raise typer.Exit(1) from error
    except StoreUnavailable as error:
        _tell(f"the database can't be reached: {error}")
        raise typer.Exit(1) from error
    except TimeoutError as error:
        _tell("Kafka's topics have no leaders: its brokers are away or overloaded")
        raise typer.Exit(1) from error
    except KafkaError as error:
        _tell(f"Kafka can't be reached, or refuses: {error}")
        raise typer.Exit(1) from error
    except KeyUnusable as error:
        _tell(str(error))
        raise typer.Exit(1) from error
    except kinds as error:
        _tell(str(error))
        raise typer.Exit(1) from error


def _tell(sentence: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {sentence}", style="red", markup=False)
