"""Many people at once: nobody waits for another's password."""

import statistics
import threading
import time
import uuid

import pytest

from tests.fake_provider import Answer, FakeProvider
from tests.faults.visitors import PASSWORD, Visitor, sign_up
from tests.served import Served

LOOP_P99 = 0.2  # seconds
SIGN_INS = 20


def test_a_burst_of_sign_ins_holds_up_nobody(
    served: Served, provider: FakeProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    served.terminate()
    served.environment["BCRYPT_COST"] = "12"
    served.start()
    email = f"{uuid.uuid4().hex}@example.org"
    body = {"name": "Alice", "email": email, "password": PASSWORD}
    assert served.request("/api/auth/register", method="POST", body=body).status == 201
    provider.default = Answer(tokens=400, tokens_per_second=100)
    with Visitor(served, sign_up(served)) as visitor:
        visitor.ask("Go on")
        visitor.wait_text()
        statuses: list[int] = []

        def come_in() -> None:
            form = {"email": email, "password": PASSWORD}
            response = served.request("/api/auth/sign-in", method="POST", body=form, timeout=60)
            statuses.append(response.status)

        people = [threading.Thread(target=come_in) for _ in range(SIGN_INS)]
        for one in people:
            one.start()
        alive, ready = [], []
        while any(one.is_alive() for one in people):
            for path, times in (("/healthz", alive), ("/readyz", ready)):
                began = time.monotonic()
                assert served.request(path).status == 200
                times.append(time.monotonic() - began)
            time.sleep(0.01)
        for one in people:
            one.join()
        visitor.wait_status("complete")
        assert visitor.text == provider.requests[0].text_sent
    p99 = statistics.quantiles(alive, n=100, method="inclusive")[98]
    queries = statistics.quantiles(ready, n=100, method="inclusive")[98]
    with capsys.disabled():
        print(
            f"\n{SIGN_INS} sign-ins: p99 of the loop {p99 * 1000:.0f} ms,"
            f" of a query {queries * 1000:.0f} ms, of {len(alive)} looks"
        )
    assert statuses == [200] * SIGN_INS
    assert p99 < LOOP_P99
    assert queries < 2 * LOOP_P99
