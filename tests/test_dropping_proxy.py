import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.dropping_proxy import DroppingProxy
from tests.loopback import HOST, free_port
from tests.waiting import wait_until

PATIENCE = 5.0
MOMENT = 0.1  # in which what is meant to pass has passed
MEGABYTES = bytes(range(256)) * 4096 * 4


@pytest.fixture
def echo() -> Iterator[int]:
    """Run a server that says back whatever it hears; gives its port."""
    listener = socket.create_server((HOST, free_port()))
    talks: list[threading.Thread] = []

    def talk(end: socket.socket) -> None:
        with end:
            try:
                while data := end.recv(65_536):
                    end.sendall(data)
            except ConnectionError:
                pass

    def accept() -> None:
        while True:
            end, _ = listener.accept()
            talks.append(threading.Thread(target=talk, args=(end,)))
            talks[-1].start()

    def serve() -> None:
        with contextlib.suppress(OSError):  # it is over
            accept()

    serving = threading.Thread(target=serve)
    serving.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for thread in (serving, *talks):
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a connection outlived the proxy"


@pytest.fixture
def proxy(echo: int) -> Iterator[DroppingProxy]:
    with DroppingProxy(echo) as running:
        yield running


def connect(proxy: DroppingProxy) -> socket.socket:
    return socket.create_connection((HOST, proxy.port), timeout=PATIENCE)


def say(client: socket.socket, data: bytes) -> bytes:
    """Say something and hear all of its echo."""
    speaking = threading.Thread(target=client.sendall, args=(data,))
    speaking.start()
    heard = hear(client, len(data))
    speaking.join(PATIENCE)
    return heard


def hear(client: socket.socket, size: int) -> bytes:
    heard = b""
    while len(heard) < size and (more := client.recv(65_536)):
        heard += more
    return heard


def assert_silent(client: socket.socket) -> None:
    client.settimeout(MOMENT)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(PATIENCE)


def test_it_passes_every_byte_both_ways_and_counts_them(proxy: DroppingProxy) -> None:
    with connect(proxy) as client:
        assert say(client, MEGABYTES) == MEGABYTES
    both = (len(MEGABYTES), len(MEGABYTES))
    wait_until(lambda: (proxy.bytes_to_server, proxy.bytes_to_client) == both, "the count")


def test_an_end_that_closes_in_order_is_seen_to_do_so(proxy: DroppingProxy) -> None:
    with connect(proxy) as client:
        client.sendall(b"the last word")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b"the last word"
        assert client.recv(100) == b""
    wait_until(lambda: proxy.connections == 0, "the connection to be forgotten")


def test_a_cut_resets_what_is_open_and_refuses_what_is_new_until_it_is_mended(
    proxy: DroppingProxy,
) -> None:
    with connect(proxy) as client:
        assert say(client, b"before") == b"before"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)
    proxy.restore()
    with connect(proxy) as client:
        assert say(client, b"after") == b"after"


def test_a_cut_in_the_middle_of_a_flood_loses_the_rest_of_it(proxy: DroppingProxy) -> None:
    with connect(proxy) as client:
        client.settimeout(MOMENT)
        with pytest.raises(TimeoutError):
            client.sendall(MEGABYTES * 16)  # more than the system's buffers hold
        client.settimeout(PATIENCE)
        heard = client.recv(65_536)
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            while more := client.recv(65_536):
                heard += more
    assert heard == (MEGABYTES * 16)[: len(heard)]
    assert 0 < len(heard) < len(MEGABYTES * 16)


def test_in_a_freeze_nothing_passes_and_new_connections_hang(proxy: DroppingProxy) -> None:
    with connect(proxy) as client:
        assert say(client, b"before") == b"before"
        proxy.freeze()
        client.sendall(b"into the dark")
        assert_silent(client)
        with connect(proxy) as newcomer:
            newcomer.sendall(b"is anybody there?")
            assert_silent(newcomer)
    assert proxy.bytes_to_server == len(b"before")


def test_after_a_freeze_the_old_connections_are_dead_and_new_ones_work(
    proxy: DroppingProxy,
) -> None:
    with connect(proxy) as client:
        assert say(client, b"before") == b"before"
        proxy.freeze()
        proxy.restore()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with connect(proxy) as client:
        assert say(client, b"after") == b"after"


def test_a_thaw_lets_frozen_connections_go_on_with_not_a_byte_lost(proxy: DroppingProxy) -> None:
    with connect(proxy) as client:
        proxy.freeze()
        client.sendall(b"kept ")
        with connect(proxy) as newcomer:
            newcomer.sendall(b"patience")
            assert_silent(newcomer)
            proxy.thaw()
            assert newcomer.recv(100) == b"patience"
        client.sendall(b"in order")
        assert hear(client, len(b"kept in order")) == b"kept in order"


def test_an_end_that_leaves_in_a_freeze_is_not_missed_by_the_other() -> None:
    with (
        socket.create_server((HOST, free_port())) as listener,
        DroppingProxy(listener.getsockname()[1]) as proxy,
    ):
        client = connect(proxy)
        server, _ = listener.accept()
        with server:
            proxy.freeze()
            client.close()
            assert_silent(server)
            proxy.thaw()
            server.settimeout(PATIENCE)
            assert server.recv(1) == b""


def test_a_server_that_is_down_resets_the_connection_and_may_come_back() -> None:
    port = free_port()
    with DroppingProxy(port) as proxy:
        with pytest.raises(ConnectionResetError), connect(proxy) as client:
            client.recv(1)
        with socket.create_server((HOST, port)), connect(proxy) as client:
            assert_silent(client)
