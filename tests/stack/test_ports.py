"""Ports: a taken one gives a sentence that says what to do."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.ports import PortTaken, free_ports, holder_of, is_free, listens, require_free
from deploy.local.stack import LocalStack


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_named_with_its_holder_and_the_setting_to_change(taken: int) -> None:
    with pytest.raises(PortTaken) as refused:
        require_free({"ROLLCALL_KAFKA_PORT": taken})
    sentence = str(refused.value)
    assert str(taken) in sentence
    assert f"process {os.getpid()}" in sentence
    assert "ROLLCALL_KAFKA_PORT" in sentence


def test_every_taken_port_is_named_at_once(taken: int) -> None:
    with pytest.raises(PortTaken, match=r"ROLLCALL_A_PORT(.|\n)*ROLLCALL_B_PORT"):
        require_free({"ROLLCALL_A_PORT": taken, "ROLLCALL_B_PORT": taken})


def test_one_port_for_two_parts_is_refused() -> None:
    (port,) = free_ports(1)
    with pytest.raises(PortTaken, match="both"):
        require_free({"ROLLCALL_A_PORT": port, "ROLLCALL_B_PORT": port})


def test_free_ports_are_free_distinct_and_below_those_of_outgoing_connections() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert all(is_free(port) and not listens(port) and port < 32_768 for port in ports)
    assert all(holder_of(port) is None for port in ports)


async def test_a_stack_whose_port_is_taken_starts_nothing(taken: int, short_home: Path) -> None:
    stack = LocalStack.on_free_ports(short_home, mongo_port=taken)
    with pytest.raises(PortTaken, match="ROLLCALL_MONGO_PORT"):
        await stack.start_backends()
    assert not stack.runs
