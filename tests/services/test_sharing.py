"""Shared chats: a snapshot for whoever has the link, and nothing beyond it."""

import json

import pytest
from sqlmodel import select, update

from chatbot_app import db
from chatbot_app.errors import Conflict, InvalidInput, NotFound
from chatbot_app.models import Chat, SharedChat, User, now
from chatbot_app.services import chats, projects, sharing
from tests.conftest import Person, say


def token(link_url: str) -> str:
    return link_url.rpartition("/")[2]


def everything_in(link_url: str) -> str:
    page = sharing.open_page(token(link_url))
    return json.dumps([page.title, *("".join(m.blocks) for m in page.messages)])


def stored() -> str:
    with db.session() as session:
        return "\n".join(session.exec(select(SharedChat.content)).all())


def test_a_link_shows_the_chat_as_it_was(alice: Person):
    turn = say(alice, "What is a tree?", "A plant.\n\nWith leaves.")
    link = sharing.share(alice.id, turn.chat.id)
    say(alice, "And a bush?", "Smaller.", chat_id=turn.chat.id)
    chats.rename(alice.id, turn.chat.id, "Another title")

    page = sharing.open_page(token(link.url))

    assert page.title == "What is a tree?"
    assert [(m.role, "".join(m.blocks)) for m in page.messages] == [
        ("user", "What is a tree?"),
        ("assistant", "A plant.\n\nWith leaves."),
    ]
    assert not page.has_more


def test_a_link_tells_neither_the_prompt_nor_who_shared_it(alice: Person):
    turn = say(alice, "Hello", "Hi.")
    link = sharing.share(alice.id, turn.chat.id)

    for secret in ("Be brief.", alice.email, "Alice", str(alice.id), turn.question.id):
        assert secret not in everything_in(link.url)
        assert secret not in stored()


def test_what_failed_or_is_being_written_is_not_shared(alice: Person):
    turn = say(alice, "Hello", "Some words before the failure", status="failed")
    link = sharing.share(alice.id, turn.chat.id)

    assert "failure" not in everything_in(link.url)


def test_a_long_snapshot_comes_in_stretches(alice: Person):
    turn = say(alice, "0", "0")
    for number in range(1, 25):
        say(alice, str(number), str(number), chat_id=turn.chat.id)
    link = sharing.share(alice.id, turn.chat.id)

    first = sharing.open_page(token(link.url))
    rest = sharing.open_page(token(link.url), after=len(first.messages))

    said = ["".join(m.blocks) for m in first.messages + rest.messages]
    assert said == [str(n) for n in range(25) for _ in range(2)]
    assert (first.has_more, rest.has_more) == (True, False)
    assert len({m.id for m in first.messages + rest.messages}) == 50


def test_a_withdrawn_link_leads_nowhere(alice: Person):
    turn = say(alice, "Hello", "Hi.")
    kept, withdrawn = (sharing.share(alice.id, turn.chat.id) for _ in range(2))

    sharing.withdraw(alice.id, withdrawn.id)

    assert [link.id for link in sharing.list_for(alice.id)] == [kept.id]
    assert sharing.open_page(token(kept.url)).messages
    with pytest.raises(NotFound):
        sharing.open_page(token(withdrawn.url))
    with pytest.raises(NotFound):
        sharing.withdraw(alice.id, withdrawn.id)


@pytest.mark.parametrize("what", ["deleted for now", "deleted", "disabled"])
def test_a_link_goes_with_its_chat_and_its_owner(alice: Person, what: str):
    turn = say(alice, "Hello", "Hi.")
    link = sharing.share(alice.id, turn.chat.id)

    with db.session(write=True) as session:
        if what == "deleted for now":
            session.exec(update(Chat).values(deleted_at=now()))
        elif what == "disabled":
            session.exec(update(User).values(disabled_at=now()))
    if what == "deleted":
        projects.delete(alice.id, alice.project_id)

    with pytest.raises(NotFound):
        sharing.open_page(token(link.url))


def test_a_stranger_neither_shares_lists_nor_withdraws(alice: Person, charlie: Person):
    turn = say(alice, "Hello", "Hi.")
    link = sharing.share(alice.id, turn.chat.id)

    with pytest.raises(NotFound):
        sharing.share(charlie.id, turn.chat.id)
    with pytest.raises(NotFound):
        sharing.withdraw(charlie.id, link.id)
    assert sharing.list_for(charlie.id) == []
    assert sharing.list_for(charlie.id, turn.chat.id) == []
    assert sharing.open_page(token(link.url)).messages


@pytest.mark.parametrize("guess", ["", "x", "a" * 43, "é" * 43, "\0" * 43, "a" * 900_000])
def test_a_guess_leads_nowhere(alice: Person, guess: str):
    with pytest.raises(NotFound):
        sharing.open_page(guess)


def test_what_can_not_be_shared_is_refused_with_the_reason(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    turn = say(alice, "Hello", "A long answer.")
    monkeypatch.setattr(sharing, "LONGEST", 10)
    with pytest.raises(InvalidInput, match="10 characters"):
        sharing.share(alice.id, turn.chat.id)
    monkeypatch.undo()

    monkeypatch.setattr(sharing, "MOST_LINKS", 1)
    sharing.share(alice.id, turn.chat.id)
    with pytest.raises(InvalidInput, match="Withdraw one"):
        sharing.share(alice.id, turn.chat.id)


def test_an_empty_chat_has_nothing_to_share(alice: Person):
    turn = say(alice, "Hello", "Hi.")
    with db.session(write=True) as session:
        session.exec(update(Chat).values(active_leaf_id=None))
    with pytest.raises(Conflict):
        sharing.share(alice.id, turn.chat.id)
