"""What a client can bring into the log: nothing of what it sends, and no line of its own."""

import uuid

import pytest

from tests.security.conftest import Estate
from tests.security.handlers import Handler
from tests.security.test_matrix import named
from tests.served import Served
from tests.wire import Tab


@pytest.mark.parametrize("end", ["%0a", "%0d%0a", "%0d", "%c2%85", "%e2%80%a8", "%1b[2K"])
def test_an_address_brings_no_line_of_its_own_into_the_log(server: Served, end: str) -> None:
    word = uuid.uuid4().hex
    server.request(f"/api/auth/{end}{word}", method="POST", body={})
    for line in [line for line in server.log.splitlines() if word in line]:
        assert "POST /api/auth/" in line
        assert line.isprintable()


@pytest.mark.parametrize("short", ["state.set_is_hydrated", "state.hydrate_and_load"])
def test_what_is_sent_to_a_handler_of_the_framework_is_not_quoted(
    server: Served, handlers: list[Handler], estate: Estate, short: str
) -> None:
    """Reflex takes what does not fit, and logs it whole."""
    word, logged = uuid.uuid4().hex, len(server.log)
    with Tab(server, estate.owner.token) as tab:
        for payload in (
            {"value": word},
            {"vars": word},
            {"vars": {word: word}, "hashes": [word, 7]},
            {"hashes": word},
            {word: word},
            {"value": True, "self": word},
            word,
        ):
            tab.emit_raw(tab.event(named(handlers, short), payload))
        assert tab.state()["session.name"] == estate.owner.viewer.name
    log = server.log[logged:]
    assert word not in log
    assert '  File "' not in log
