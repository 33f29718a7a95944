"""Where chats stand: pinned, archived, in another project; and the way back of those deleted."""

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import func, select

from chatbot_app import db
from chatbot_app.errors import Conflict, NotFound
from chatbot_app.models import AnswerRun, Chat, Message, MessageChunk
from chatbot_app.repositories import chats as chat_rows
from chatbot_app.services import (
    accounts,
    administration,
    branches,
    chat_places,
    chats,
    exports,
    projects,
    purge,
    turns,
)
from tests.conftest import Person, end, person, say

NONE_KEPT = timedelta(0)


def titles(owner: Person, project_id: uuid.UUID | str | None = None) -> tuple[list[str], list[str]]:
    """Give what is pinned in a project, and what is listed below."""
    page = chats.list_page(owner.id, project_id or owner.project_id)
    return [chat.title for chat in page.pinned], [chat.title for chat in page.chats]


def archived(owner: Person) -> list[str]:
    return [chat.title for chat in chat_places.list_archived(owner.id).chats]


def count(table: type[Any]) -> int:
    with db.session() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def test_pinned_chats_stand_on_top_and_nowhere_else(alice: Person):
    first, second, third = (say(alice, f"Chat {number}").chat for number in range(3))

    assert chat_places.pin(alice.id, first.id).is_pinned
    chat_places.pin(alice.id, third.id)
    chat_places.pin(alice.id, first.id)

    assert titles(alice) == (["Chat 2", "Chat 0"], ["Chat 1"])
    assert not chat_places.unpin(alice.id, third.id).is_pinned
    chat_places.unpin(alice.id, third.id)
    assert titles(alice) == (["Chat 0"], ["Chat 2", "Chat 1"])
    page = chats.list_page(alice.id, alice.project_id, limit=1)
    rest = chats.list_page(alice.id, alice.project_id, before=page.older_than)
    assert (page.pinned, rest.pinned, rest.chats) == ([chats.get(alice.id, first.id)], [], [second])


def test_no_more_chats_are_pinned_than_are_always_listed(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(chat_places, "PINNED_MAX", 1)
    pinned, other = say(alice, "Pinned").chat, say(alice, "Other").chat
    chat_places.pin(alice.id, pinned.id)

    chat_places.pin(alice.id, pinned.id)
    with pytest.raises(Conflict):
        chat_places.pin(alice.id, other.id)

    chat_places.archive(alice.id, pinned.id)
    assert chat_places.pin(alice.id, other.id).is_pinned


def test_an_archived_chat_is_in_no_list_but_its_own_and_can_be_read(alice: Person):
    kept, away = say(alice, "Kept").chat, say(alice, "Away").chat
    chat_places.pin(alice.id, away.id)

    assert chat_places.archive(alice.id, away.id).is_archived
    chat_places.archive(alice.id, away.id)

    assert titles(alice) == ([], ["Kept"])
    assert archived(alice) == ["Away"]
    page = chats.open_page(alice.id, alice.project_id, away.id)
    assert page.chat.is_archived
    assert len(page.messages) == 2
    assert accounts.landing(alice.id).endswith(kept.id)
    (card,) = projects.list_for(alice.id)
    assert card.chats == 1
    assert card.last_activity[:19] == kept.last_message_at[:19]

    assert not chat_places.unarchive(alice.id, away.id).is_archived
    assert titles(alice) == ([], ["Away", "Kept"])
    assert archived(alice) == []


def test_a_question_in_an_archived_chat_brings_it_back(alice: Person):
    chat = say(alice, "Away").chat
    chat_places.archive(alice.id, chat.id)

    turn = say(alice, "Still there?", chat_id=chat.id)

    assert not turn.chat.is_archived
    assert titles(alice) == ([], ["Away"])


def test_archived_chats_are_listed_by_pages_over_all_projects(alice: Person):
    other = projects.create(alice.id, name="Other")
    said = [say(alice, f"Chat {number}").chat for number in range(5)]
    chat_places.move(alice.id, said[2].id, other.id)
    for chat in said:
        chat_places.archive(alice.id, chat.id)

    pages = [chat_places.list_archived(alice.id, limit=2)]
    while before := pages[-1].older_than:
        pages.append(chat_places.list_archived(alice.id, before=before, limit=2))

    listed = [chat for page in pages for chat in page.chats]
    assert [chat.title for chat in listed] == [f"Chat {number}" for number in reversed(range(5))]
    assert [chat.project_name for chat in listed].count("Other") == 1
    assert [len(page.chats) for page in pages] == [2, 2, 1]
    with pytest.raises(NotFound):
        chat_places.list_archived(alice.id, before="nonsense")


def test_a_chat_moves_with_all_that_was_said_and_follows_the_new_prompt(alice: Person):
    turn = say(alice, "Hello", "Hello to you")
    chat_places.pin(alice.id, turn.chat.id)
    other = projects.create(alice.id, name="Other", system_prompt="Be long.", model="other-model")

    moved = chat_places.move(alice.id, turn.chat.id, other.id)

    assert (moved.project_id, moved.is_pinned) == (other.id, False)
    assert titles(alice) == ([], [])
    assert titles(alice, other.id) == ([], ["Hello"])
    assert len(chats.open_page(alice.id, other.id, moved.id).messages) == 2
    with pytest.raises(NotFound):
        chats.open_page(alice.id, alice.project_id, moved.id)
    _turn, job = turns.begin(alice.id, other.id, moved.id, "And now?")
    assert job
    assert job.prompt.model == "other-model"
    assert [message.content for message in job.prompt.messages] == [
        "Be long.",
        "Hello",
        "Hello to you",
        "And now?",
    ]


def test_a_chat_stays_while_an_answer_is_being_written_in_it(alice: Person):
    turn, _job = turns.begin(alice.id, alice.project_id, None, "Hello")
    other = projects.create(alice.id, name="Other")

    with pytest.raises(Conflict):
        chat_places.move(alice.id, turn.chat.id, other.id)
    assert chat_places.move(alice.id, turn.chat.id, alice.project_id) == turn.chat

    end(turn, "Done")
    assert chat_places.move(alice.id, turn.chat.id, other.id).project_id == other.id


def test_a_deleted_chat_is_gone_for_every_query(alice: Person):
    kept, gone = say(alice, "Kept"), say(alice, "Gone", "Gone too")
    other = projects.create(alice.id, name="Other")
    chats.delete(alice.id, gone.chat.id)

    for attempt in (
        lambda: chats.get(alice.id, gone.chat.id),
        lambda: chats.open_page(alice.id, alice.project_id, gone.chat.id),
        lambda: chats.rename(alice.id, gone.chat.id, "Another"),
        lambda: chats.delete(alice.id, gone.chat.id),
        lambda: turns.begin(alice.id, alice.project_id, gone.chat.id, "More"),
        lambda: turns.retry(alice.id, gone.answer.id),
        lambda: turns.resume(alice.id, gone.answer.id),
        lambda: branches.show_version(alice.id, gone.answer.id),
        lambda: chat_places.pin(alice.id, gone.chat.id),
        lambda: chat_places.unpin(alice.id, gone.chat.id),
        lambda: chat_places.archive(alice.id, gone.chat.id),
        lambda: chat_places.unarchive(alice.id, gone.chat.id),
        lambda: chat_places.move(alice.id, gone.chat.id, other.id),
    ):
        with pytest.raises(NotFound):
            attempt()

    assert titles(alice) == ([], ["Kept"])
    assert accounts.landing(alice.id).endswith(kept.chat.id)
    assert projects.chat_ids(alice.id, alice.project_id) == [uuid.UUID(kept.chat.id)]
    assert [card.chats for card in projects.list_for(alice.id)] == [0, 1]
    assert [user.chats for user in administration.list_users().users] == [1]


async def test_a_deleted_chat_is_in_no_export(alice: Person):
    gone = say(alice, "Gone", "Gone too").chat
    chats.delete(alice.id, gone.id)

    written = "".join([piece async for piece in exports.written(alice.id)])

    assert "Gone" not in written


@pytest.mark.parametrize("place", ["listed", "pinned", "archived"])
def test_a_deleted_chat_comes_back_as_it_was(alice: Person, place: str):
    chat = say(alice, "Back").chat
    if place != "listed":
        (chat_places.pin if place == "pinned" else chat_places.archive)(alice.id, chat.id)
    before = chats.open_page(alice.id, alice.project_id, chat.id)
    listed = titles(alice), archived(alice)
    chats.delete(alice.id, chat.id)
    assert (titles(alice), archived(alice)) == (([], []), [])
    purge.purge()

    restored = chats.restore(alice.id, chat.id)

    assert restored == before.chat
    assert chats.restore(alice.id, chat.id) == restored
    assert chats.open_page(alice.id, alice.project_id, chat.id) == before
    assert (titles(alice), archived(alice)) == listed


def test_a_chat_that_comes_back_is_pinned_only_where_it_is_listed(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    for module in (chat_places, chats):
        monkeypatch.setattr(module, "PINNED_MAX", 1)
    first, second = say(alice, "First").chat, say(alice, "Second").chat
    chat_places.pin(alice.id, first.id)
    chats.delete(alice.id, first.id)
    chat_places.pin(alice.id, second.id)
    chats.restore(alice.id, first.id)
    assert titles(alice) == (["Second"], ["First"])


def test_nobody_brings_back_what_is_gone_for_good(alice: Person):
    turn, _job = turns.begin(alice.id, alice.project_id, None, "Gone")
    kept = say(alice, "Kept").chat
    chats.delete(alice.id, turn.chat.id)

    assert purge.purge() == 0
    assert purge.purge(NONE_KEPT) == 1

    with pytest.raises(NotFound):
        chats.restore(alice.id, turn.chat.id)
    assert [count(table) for table in (Chat, Message, AnswerRun, MessageChunk)] == [1, 2, 0, 0]
    assert chats.get(alice.id, kept.id) == kept


def test_chats_go_for_good_a_few_at_a_time(alice: Person, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(purge, "TOGETHER", 2)
    for number in range(5):
        chats.delete(alice.id, say(alice, f"Chat {number}").chat.id)

    assert [purge.purge(NONE_KEPT) for _ in range(4)] == [2, 2, 1, 0]
    assert count(Message) == 0


def test_what_another_worker_removes_is_left_to_it(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
):
    alice = person("Alice")
    chats.delete(alice.id, say(alice, "Gone").chat.id)
    between, go_on, drop_in = threading.Event(), threading.Event(), chat_rows.answer_runs.drop_in

    def slowly(*arguments: Any) -> None:
        between.set()
        assert go_on.wait(5)
        drop_in(*arguments)

    monkeypatch.setattr(chat_rows.answer_runs, "drop_in", slowly)
    with ThreadPoolExecutor(1) as elsewhere:
        other = elsewhere.submit(purge.purge, NONE_KEPT)
        assert between.wait(5)
        began = time.monotonic()
        assert purge.purge(NONE_KEPT) == 0
        assert time.monotonic() - began < 2
        go_on.set()
        assert other.result(5) == 1


def test_a_question_that_is_sent_again_for_a_deleted_chat_is_not_asked_anew(alice: Person):
    turn, _job = turns.begin(alice.id, alice.project_id, None, "Hello", "key")
    chats.delete(alice.id, turn.chat.id)

    with pytest.raises(NotFound):
        turns.begin(alice.id, alice.project_id, None, "Hello", "key")


def test_a_stranger_puts_no_chat_anywhere(alice: Person, charlie: Person):
    chat, gone = say(alice, "Secret").chat, say(alice, "Gone").chat
    chat_places.archive(alice.id, say(alice, "Away").chat.id)
    chats.delete(alice.id, gone.id)
    before = titles(alice)

    attempts: list[Callable[[], object]] = [
        lambda: chat_places.pin(charlie.id, chat.id),
        lambda: chat_places.unpin(charlie.id, chat.id),
        lambda: chat_places.archive(charlie.id, chat.id),
        lambda: chat_places.unarchive(charlie.id, chat.id),
        lambda: chat_places.move(charlie.id, chat.id, charlie.project_id),
        lambda: chat_places.move(alice.id, chat.id, charlie.project_id),
        lambda: chats.restore(charlie.id, gone.id),
        lambda: chats.restore(charlie.id, chat.id),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()

    assert titles(alice) == before
    assert archived(charlie) == []
    with pytest.raises(NotFound):
        chats.get(alice.id, gone.id)


@pytest.mark.parametrize("wrong", ["", "nonsense", None, 7, "\0"])
def test_a_malformed_id_is_not_found(alice: Person, wrong: Any):
    chat = say(alice, "Hello").chat
    for attempt in (
        lambda: chat_places.pin(alice.id, wrong),
        lambda: chat_places.unpin(alice.id, wrong),
        lambda: chat_places.archive(alice.id, wrong),
        lambda: chat_places.unarchive(alice.id, wrong),
        lambda: chat_places.move(alice.id, wrong, alice.project_id),
        lambda: chat_places.move(alice.id, chat.id, wrong),
        lambda: chats.restore(alice.id, wrong),
    ):
        with pytest.raises(NotFound):
            attempt()
