"""Ports of this machine for servers that the tests start."""

import itertools
import os
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

HOST = "127.0.0.1"

# Below the range that outgoing connections take theirs from (32768 and up): a server that is
# stopped finds its port free when it starts again, however many connections were made meanwhile.
PORTS = range(20_000, 32_000)

# Tests that run beside each other take none of each other's, also while a server of theirs is down.
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_OWN_PORTS = PORTS[_WORKER::_WORKERS]
_next = itertools.cycle(random.sample(_OWN_PORTS, len(_OWN_PORTS)))


def free_port() -> int:
    """A port that nobody listens on and no connection will take, and that was not given before."""
    for port in _next:
        try:
            with socket.create_server((HOST, port)):
                return port
        except OSError:
            continue
    raise AssertionError("a cycle does not end")


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that neither takes nor refuses connections, as behind a firewall that drops them."""
    with ExitStack() as sockets:
        # Its queue has room for one connection, and nobody ever takes that one out.
        listener = sockets.enter_context(socket.create_server((HOST, free_port()), backlog=0))
        sockets.enter_context(socket.create_connection(listener.getsockname()))
        yield listener.getsockname()[1]
