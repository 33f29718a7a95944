"""The rail: chats under the day on which the reader, not the server, last saw them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from chatbot_app.schemas import ChatItem
from chatbot_app.services import chats
from chatbot_app.state import rail
from chatbot_app.state.rail import Rail, group_by_age
from tests.conftest import Person, person, say
from tests.state.tab import Tab, Tabs

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def chat(moment: datetime) -> ChatItem:
    return ChatItem(id=moment.isoformat(), title="x", last_message_at=moment.isoformat())


def label(moment: datetime, now: datetime) -> str:
    (group,) = group_by_age([chat(moment)], now)
    return group.label


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(0), "Today"),
        (timedelta(hours=12), "Today"),
        (timedelta(hours=12, seconds=1), "Yesterday"),
        (timedelta(hours=36), "Yesterday"),
        (timedelta(hours=36, seconds=1), "Previous 7 days"),
        (timedelta(days=7, hours=12), "Previous 7 days"),
        (timedelta(days=7, hours=12, seconds=1), "Older"),
        (timedelta(days=400), "Older"),
        (-timedelta(hours=1), "Today"),  # a clock that goes wrong
        (-timedelta(days=3), "Today"),
    ],
)
def test_the_label_says_how_long_ago_it_was(age: timedelta, expected: str) -> None:
    assert label(NOON - age, NOON) == expected


def test_days_change_at_the_readers_midnight() -> None:
    tokyo, honolulu = timezone(timedelta(hours=9)), timezone(timedelta(hours=-10))
    written = datetime(2026, 3, 9, 14, 30, tzinfo=UTC)  # 23:30 in Tokyo, 4:30 in Honolulu
    read = datetime(2026, 3, 9, 15, 30, tzinfo=UTC)  # 0:30 of the next day, 5:30
    assert label(written, read.astimezone(tokyo)) == "Yesterday"
    assert label(written, read.astimezone(honolulu)) == "Today"


def test_groups_keep_the_order_and_empty_ones_are_left_out() -> None:
    ages = [timedelta(hours=1), timedelta(hours=2), timedelta(days=30), timedelta(days=31)]
    groups = group_by_age([chat(NOON - age) for age in ages], NOON)
    assert [(g.label, len(g.chats)) for g in groups] == [("Today", 2), ("Older", 2)]
    assert [c.id for g in groups for c in g.chats] == [chat(NOON - age).id for age in ages]
    assert group_by_age([], NOON) == []


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


async def test_loading_lists_the_chats_of_the_project_in_the_address(
    tabs: Tabs, alice: Person
) -> None:
    turn = say(alice, "How are whales?")
    tab = tabs.open(alice.token)
    tab.route = {"project_id": str(alice.project_id)}
    await tab.send(Rail.load)
    (group,) = (await tab.state(Rail)).get_value("groups")
    assert [c.id for c in group.chats] == [turn.chat.id]


async def test_a_strangers_project_in_the_address_lists_ones_own(tabs: Tabs, alice: Person) -> None:
    say(alice, "How are whales?")
    charlie = person("Charlie")
    tab = tabs.open(charlie.token)
    tab.route = {"project_id": str(alice.project_id)}
    await tab.send(Rail.load)
    shown = await tab.state(Rail)
    assert shown.listed_project_id == str(charlie.project_id)
    assert shown.get_value("groups") == []


@pytest.mark.parametrize("minutes", ["x", "", "99999999999", "-1441", "1440", "1e3", "９"])
async def test_a_timezone_that_is_none_is_taken_for_utc(
    tabs: Tabs, alice: Person, minutes: str
) -> None:
    say(alice, "How are whales?")
    tab = tabs.open(f"{alice.token}; tz={minutes}")
    await tab.send(Rail.load)
    shown = await tab.state(Rail)
    assert shown.is_loaded
    assert len(shown.get_value("groups")) == 1


async def listed(tab: Tab) -> list[str]:
    """Give the titles in the rail from top to bottom."""
    groups = (await tab.state(Rail)).get_value("groups")
    return [chat.title for group in groups for chat in group.chats]


async def test_older_chats_are_listed_when_asked_for_and_stay_while_going_about(
    tabs: Tabs, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rail, "LISTED", 2)
    said = [say(alice, f"Chat {number}").chat for number in range(5)]
    tab = tabs.open(alice.token)
    tab.route = {"project_id": str(alice.project_id), "chat_id": ""}

    await tab.send(Rail.load)
    assert await listed(tab) == ["Chat 4", "Chat 3"]
    await tab.send(Rail.load_older)
    assert await listed(tab) == ["Chat 4", "Chat 3", "Chat 2", "Chat 1"]
    await tab.send(Rail.load)
    assert await listed(tab) == ["Chat 4", "Chat 3", "Chat 2", "Chat 1"]
    chats.delete(alice.id, said[1].id)  # the cursor's own chat
    await tab.send(Rail.load_older)
    assert await listed(tab) == ["Chat 4", "Chat 3", "Chat 2", "Chat 1", "Chat 0"]
    await tab.send(Rail.load_older)
    assert (await listed(tab))[-1] == "Chat 0"


async def test_a_turn_in_the_chat_on_top_sends_the_rail_no_more(tabs: Tabs, alice: Person) -> None:
    for number in range(3):
        chat = say(alice, f"Chat {number}").chat
    tab = tabs.open(alice.token)
    tab.route = {"project_id": str(alice.project_id), "chat_id": ""}
    await tab.send(Rail.load)
    (groups,) = (name for name in tab.vars if ".groups" in name)
    tab.vars[groups] = "what was sent at first"

    say(alice, "More", chat_id=chat.id)
    await tab.send(Rail.load)
    assert tab.vars[groups] == "what was sent at first"

    say(alice, "Another")
    await tab.send(Rail.load)
    assert tab.vars[groups] != "what was sent at first"
    assert (await listed(tab))[0] == "Another"
