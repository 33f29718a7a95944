"""Many answers that end at once: few transactions, and none pays for another's fault."""

import asyncio
import threading
import uuid

import pytest

from chatbot_app.errors import Unavailable
from chatbot_app.generation import outcomes, records
from chatbot_app.generation.outcomes import Outcomes
from chatbot_app.generation.records import Outcome

POISON = uuid.uuid4()


class Database:
    """Takes outcomes; the first transaction waits until it is told to go on."""

    def __init__(self) -> None:
        self.transactions: list[list[Outcome]] = []
        self.has_begun = threading.Event()
        self.go_on = threading.Event()

    def finish(self, together: list[Outcome]) -> frozenset[uuid.UUID]:
        self.transactions.append(together)
        self.has_begun.set()
        assert self.go_on.wait(10)
        if any(outcome.message_id == POISON for outcome in together):
            raise ValueError("This one can't be stored.")
        return frozenset(outcome.run_id for outcome in together)


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    database = Database()
    monkeypatch.setattr(records, "finish", database.finish)
    return database


def outcome(message_id: uuid.UUID | None = None) -> Outcome:
    return Outcome(message_id or uuid.uuid4(), uuid.uuid4(), content="Said.", status="complete")


async def test_what_ends_during_a_transaction_shares_the_next(database: Database) -> None:
    storing = Outcomes()
    ends = [outcome() for _ in range(outcomes.TOGETHER + 11)]
    first = asyncio.create_task(storing.store(ends[0]))
    await asyncio.to_thread(database.has_begun.wait, 10)
    rest = [asyncio.create_task(storing.store(end)) for end in ends[1:]]
    await asyncio.sleep(0.01)
    database.go_on.set()
    await asyncio.gather(first, *rest)
    assert [len(together) for together in database.transactions] == [1, outcomes.TOGETHER, 10]
    assert [end for together in database.transactions for end in together] == ends


async def test_one_that_can_not_be_stored_keeps_no_other(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    storing = Outcomes()
    storing.is_closing = True  # or the poisoned one would be offered for ever
    good = [outcome() for _ in range(3)]
    stores = [storing.store(end) for end in (good[0], good[1], outcome(POISON), good[2])]
    database.go_on.set()
    await asyncio.wait_for(asyncio.gather(*stores), 10)
    stored = [end for together in database.transactions if len(together) == 1 for end in together]
    assert [end for end in stored if end.message_id != POISON] == good
    assert "could not save answer" in caplog.text


async def test_while_the_database_is_away_all_are_offered_again_together(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "RETRY_SECONDS", 0.01)
    offers = list[int]()

    def away(together: list[Outcome]) -> frozenset[uuid.UUID]:
        offers.append(len(together))
        if len(offers) < 3:
            raise Unavailable("The database can't be reached.")
        return frozenset(end.run_id for end in together)

    monkeypatch.setattr(records, "finish", away)
    storing = Outcomes()
    await asyncio.wait_for(asyncio.gather(*(storing.store(outcome()) for _ in range(5))), 10)
    assert offers[:2] == [5, 5]
    assert sum(offers[2:]) == 5
