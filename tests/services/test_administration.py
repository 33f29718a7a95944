"""What administrators do to accounts, and what they can't: to themselves, and to the last of them."""

import threading
import uuid
from collections.abc import Callable

import pytest
from sqlmodel import select

from chatbot_app import db
from chatbot_app.errors import Conflict, Forbidden, InvalidInput, NotFound, NotSignedIn
from chatbot_app.models import AuditEntry, User
from chatbot_app.schemas import Viewer
from chatbot_app.services import accounts, administration, sessions
from tests.conftest import PASSWORD, Person, make_admin, person
from tests.second_factor import protected


def admin(name: str) -> Person:
    return make_admin(person(name))


@pytest.fixture
def ada(database: str) -> Person:
    """Bring in an administrator."""
    return admin("Ada")


@pytest.fixture
def bob(ada: Person) -> Person:
    return person("Bob")


def viewer(who: Person) -> Viewer:
    return sessions.resolve(who.token)


def is_signed_out(who: Person) -> bool:
    try:
        viewer(who)
    except NotSignedIn:
        return True
    return False


def last_entry() -> tuple[str, uuid.UUID | None, uuid.UUID | None, str]:
    with db.session() as session:
        entries = session.exec(select(AuditEntry).order_by(AuditEntry.id)).all()  # type: ignore[arg-type]
    entry = entries[-1]
    return entry.action, entry.actor_id, entry.target_id, entry.detail


def emails(search: str = "") -> list[str]:
    return [row.email for row in administration.list_users(search=search).users]


def test_accounts_are_listed_by_email_page_by_page(ada: Person, bob: Person):
    everybody = sorted([ada.email, bob.email, person("Charlie").email])

    first = administration.list_users(limit=2)
    rest = administration.list_users(after=first.after, limit=2)

    assert [row.email for row in first.users + rest.users] == everybody
    assert (first.after, rest.after) == (everybody[1], "")


def test_a_search_finds_part_of_a_name_or_an_email_in_any_case(ada: Person, bob: Person):
    accounts.rename(bob.id, "Bob_100% Böhm")

    assert emails("b_100%") == [bob.email]
    assert emails(bob.email[:5].upper()) == [bob.email]
    assert emails("%") == [bob.email]
    assert emails("Böhm") == [bob.email]
    assert emails("nobody-has-this") == []


async def test_a_row_says_what_an_account_is_like(ada: Person, bob: Person):
    await protected(bob)
    accounts.disable(bob.id)

    (row,) = administration.list_users(search=bob.email).users

    assert (row.role, row.is_disabled, row.has_two_factor, row.chats) == ("user", True, True, 0)
    assert row.last_seen_at


def test_a_disabled_person_is_out_at_once_and_in_again_when_enabled(ada: Person, bob: Person):
    administration.disable(viewer(ada), bob.id)
    assert is_signed_out(bob)
    assert last_entry()[:3] == ("disable", ada.id, bob.id)

    administration.enable(viewer(ada), str(bob.id))
    assert last_entry()[:3] == ("enable", ada.id, bob.id)


async def test_who_is_enabled_again_can_sign_in(ada: Person, bob: Person):
    administration.disable(viewer(ada), bob.id)
    form = {"email": bob.email, "password": PASSWORD, "address": "192.0.2.1"}
    with pytest.raises(Forbidden):
        await accounts.sign_in(**form)

    administration.enable(viewer(ada), bob.id)

    assert (await accounts.sign_in(**form)).token


def test_a_role_counts_at_once(ada: Person, bob: Person):
    assert not viewer(bob).is_admin

    administration.set_role(viewer(ada), bob.id, "admin")
    assert viewer(bob).is_admin
    assert last_entry() == ("role", ada.id, bob.id, "admin")

    administration.set_role(viewer(ada), bob.id, "user")
    assert not viewer(bob).is_admin


async def test_a_reset_second_factor_is_asked_for_no_more_and_ends_what_was_open(
    ada: Person, bob: Person
):
    await protected(bob)

    administration.reset_two_factor(viewer(ada), bob.id)

    assert is_signed_out(bob)
    grant = await accounts.sign_in(email=bob.email, password=PASSWORD, address="192.0.2.1")
    assert not grant.needs_code
    with pytest.raises(Conflict):
        administration.reset_two_factor(viewer(ada), bob.id)


def test_somebody_is_signed_out_everywhere(ada: Person, bob: Person):
    administration.sign_out(viewer(ada), bob.id)

    assert is_signed_out(bob)
    assert last_entry()[:3] == ("session-end", ada.id, bob.id)


Act = Callable[[Viewer, uuid.UUID], object]
ON_ONESELF: list[Act] = [
    administration.disable,
    administration.enable,
    administration.reset_two_factor,
    administration.sign_out,
    lambda by, who: administration.set_role(by, who, "user"),
    lambda by, who: administration.require_deletable(by, who, by.email),
]


@pytest.mark.parametrize(
    "act", ON_ONESELF, ids=["disable", "enable", "reset", "sign out", "demote", "delete"]
)
def test_nobody_does_it_to_themselves(ada: Person, act: Act):
    with pytest.raises(Conflict, match="your own"):
        act(viewer(ada), ada.id)


@pytest.mark.parametrize("act", ON_ONESELF)
def test_nobody_does_it_who_is_no_administrator_any_more(ada: Person, bob: Person, act: Act):
    with pytest.raises(Forbidden):
        act(bob.viewer, ada.id)

    assert not is_signed_out(ada)


@pytest.mark.parametrize(
    "act",
    [
        administration.disable,
        lambda by, who: administration.set_role(by, who, "user"),
        lambda by, who: accounts.delete(who, by=by.user_id),
    ],
    ids=["disable", "demote", "delete"],
)
def test_two_who_do_it_to_each_other_at_once_leave_one(ada: Person, act: Act):
    grace = admin("Grace")
    together = threading.Barrier(2)
    refused: list[Exception] = []

    def turn_on(by: Person, whom: Person) -> None:
        as_viewer = viewer(by)
        together.wait()
        try:
            act(as_viewer, whom.id)
        except (Forbidden, Conflict) as late:
            refused.append(late)

    fight = [threading.Thread(target=turn_on, args=pair) for pair in ((ada, grace), (grace, ada))]
    for one in fight:
        one.start()
    for one in fight:
        one.join()

    with db.session() as session:
        left = [u for u in session.exec(select(User)) if u.role == "admin" and not u.disabled_at]
    assert len(left) == 1
    assert len(refused) == 1


def test_an_account_goes_only_when_its_email_is_typed(ada: Person, bob: Person):
    with pytest.raises(InvalidInput):
        administration.require_deletable(viewer(ada), bob.id, "bob")

    assert administration.require_deletable(viewer(ada), bob.id, f" {bob.email.upper()} ") == bob.id


@pytest.mark.parametrize("user_id", [uuid.uuid4(), "not an id", ""])
def test_nobody_is_nobody(ada: Person, user_id: uuid.UUID | str):
    acts: list[Callable[[], object]] = [
        lambda: administration.disable(viewer(ada), user_id),
        lambda: administration.enable(viewer(ada), user_id),
        lambda: administration.set_role(viewer(ada), user_id, "admin"),
        lambda: administration.reset_two_factor(viewer(ada), user_id),
        lambda: administration.sign_out(viewer(ada), user_id),
        lambda: administration.require_deletable(viewer(ada), user_id, ""),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()


def test_there_is_no_third_role(ada: Person, bob: Person):
    with pytest.raises(InvalidInput):
        administration.set_role(viewer(ada), bob.id, "root")
