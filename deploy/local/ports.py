"""TCP ports of this machine: is one free, who holds it, which are free."""

import random
import socket
from collections.abc import Iterable, Mapping

import psutil

LOOPBACK = "127.0.0.1"
# Below what systems give to outgoing connections (32768 up): such a one could take the port of a server that is down
# for a second, and then the server would never come back.
_SAFE_PORTS = range(15_000, 32_000)


class PortTaken(Exception):
    """Another process listens on a port that is needed."""


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do; without it a port is refused for a minute after its last connection.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Tell whether a server answers on the port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def holder_of(port: int) -> str | None:
    """Describe the process that listens on the port, as 'java, process 4711'; None where it can't be known."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if listens and connection.pid is not None:
            try:
                return f"{psutil.Process(connection.pid).name()}, process {connection.pid}"
            except psutil.Error:
                return f"process {connection.pid}"
    return None


def require_free(wanted: Mapping[str, int]) -> None:
    """Check that every port is free and that no two are the same.

    Args:
        wanted: setting's name to port.

    Raises:
        PortTaken: names every port that isn't free, its holder where known, and the setting to change.
    """
    problems = []
    by_port: dict[int, str] = {}
    for setting, port in wanted.items():
        if port in by_port:
            problems.append(f"{by_port[port]} and {setting} are both {port}: give one of them another port")
        by_port[port] = setting
        if not is_free(port):
            holder = holder_of(port)
            who = f"taken by {holder}" if holder else "taken by a process that this user may not see"
            problems.append(f"port {port} is {who}: end it, or set {setting} to another port")
    if problems:
        raise PortTaken("\n".join(problems))


def free_ports(count: int, *, avoid: Iterable[int] = ()) -> list[int]:
    """Find ports that are free now, below those that the system gives to outgoing connections.

    Raises:
        PortTaken: there are not so many.
    """
    found: list[int] = []
    for port in random.sample(_SAFE_PORTS, len(_SAFE_PORTS)):
        if port not in avoid and is_free(port):
            found.append(port)
            if len(found) == count:
                return found
    raise PortTaken(f"fewer than {count} ports between {_SAFE_PORTS.start} and {_SAFE_PORTS.stop} are free")
