"""Which identities open which account, and who may join the two."""

import subprocess
import sys
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from chatbot_app import db
from chatbot_app.config import PROJECT_ROOT
from chatbot_app.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    TooManyAttempts,
    WrongCredentials,
)
from chatbot_app.identity_providers import IdentityProblem, ProvenIdentity
from chatbot_app.models import AuditEntry, Identity, Project, User, UserSession
from chatbot_app.schemas import Viewer
from chatbot_app.services import accounts, identities, sessions
from tests.conftest import PASSWORD, Person

HOME = "203.0.113.7"
DANA = ProvenIdentity("https://github.com", "1001", "Dana@Example.org", True, "Dana Scully")


@pytest.fixture(autouse=True)
def offered(settings: Callable[..., None]) -> None:
    """Offer Google and GitHub; nobody asks them anything here."""
    for name in ("GOOGLE", "GITHUB"):
        settings(**{f"{name}_CLIENT_ID": "chatbot", f"{name}_CLIENT_SECRET": "secret"})


def enter(proven: ProvenIdentity = DANA) -> Viewer:
    grant = identities.enter(identities.provider("github"), proven, HOME)
    return sessions.resolve(grant.token)


def connect(who: Person | Viewer, proven: ProvenIdentity, by: str = "github") -> None:
    viewer = who.viewer if isinstance(who, Person) else who
    identities.connect(viewer, identities.provider(by), proven)


def of(who: Person, subject: str = "2002", issuer: str = DANA.issuer) -> ProvenIdentity:
    return ProvenIdentity(issuer, subject, who.email.upper(), True, "Somebody")


def problem(error: pytest.ExceptionInfo[IdentityProblem]) -> str:
    return error.value.kind


def all_of(table: Any) -> list[Any]:
    with db.session() as session:
        return list(session.exec(select(table)))


def actions(newest: int = 1) -> list[tuple[str, str, str]]:
    """What the audit heard last; earlier tests' entries can't be removed."""
    entries = sorted(all_of(AuditEntry), key=lambda entry: entry.id)[-newest:]
    return [(entry.action, entry.outcome, entry.detail) for entry in entries]


def test_somebody_new_has_an_account_a_starter_project_and_no_password(database: str):
    dana = enter()

    [user], [project] = all_of(User), all_of(Project)
    assert (dana.email, dana.name, dana.is_verified) == ("dana@example.org", "Dana Scully", True)
    assert user.password_hash == ""
    assert project.name == "General assistant"
    assert enter().user_id == dana.user_id
    assert [u.id for u in all_of(User)] == [dana.user_id]


async def test_no_password_fits_such_an_account(database: str):
    enter()

    for password in ("", " ", PASSWORD):
        with pytest.raises((WrongCredentials, InvalidInput)):
            await accounts.sign_in(email="dana@example.org", password=password, address=HOME)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("", "dana"),
        (" \u200b\n ", "dana"),
        ("Dana\0\nScully", "Dana Scully"),
        ("\ud800", "dana"),
        ("x" * 5000, "x" * 120),
        ("<b>Dana</b>", "<b>Dana</b>"),
    ],
)
def test_any_name_that_a_provider_has_for_somebody_can_be_kept(database: str, name: str, kept: str):
    assert enter(replace(DANA, name=name)).name == kept


def test_two_tabs_at_once_make_one_account(database: str):
    with ThreadPoolExecutor(4) as threads:
        viewers = list(threads.map(lambda _: enter(), range(4)))

    assert len({viewer.user_id for viewer in viewers}) == 1
    assert len(all_of(User)) == len(all_of(Identity)) == len(all_of(Project)) == 1


def test_the_same_subject_of_another_provider_is_somebody_else(database: str):
    dana = enter()

    other = replace(DANA, issuer="https://accounts.google.com", email="other@example.org")
    assert enter(other).user_id != dana.user_id


def test_an_email_alone_opens_no_account(alice: Person):
    with pytest.raises(IdentityProblem) as error:
        enter(of(alice))

    assert problem(error) == "email-taken"
    assert "connect GitHub in Settings" in error.value.message
    assert all_of(Identity) == []
    assert len(all_of(UserSession)) == 1
    assert actions() == [("sign-in", "refused", "GitHub: email-taken")]


def test_an_email_that_nobody_confirmed_is_not_even_looked_up(alice: Person):
    with pytest.raises(IdentityProblem) as error:
        enter(replace(of(alice), is_email_verified=False))
    assert problem(error) == "unverified"


@pytest.mark.parametrize("mode", ["invitation", "closed"])
def test_without_open_registration_nobody_new_comes_in(
    database: str, settings: Callable[..., None], mode: str
):
    dana = enter()
    settings(REGISTRATION=mode)

    assert enter().user_id == dana.user_id
    with pytest.raises(IdentityProblem) as error:
        enter(replace(DANA, subject="1", email="new@example.org"))
    assert problem(error) == "closed"


def test_the_administrators_email_can_not_be_taken(database: str, settings: Callable[..., None]):
    settings(ADMIN_EMAIL="dana@example.org")

    with pytest.raises(IdentityProblem) as error:
        enter()
    assert problem(error) == "reserved"
    assert all_of(User) == []


def test_new_accounts_of_one_address_are_counted_with_the_others(
    database: str, settings: Callable[..., None]
):
    settings(REGISTRATIONS_PER_ADDRESS=1)
    enter()

    with pytest.raises(TooManyAttempts):
        enter(replace(DANA, subject="1", email="new@example.org"))
    assert enter().email == "dana@example.org"


def test_a_disabled_account_stays_out(database: str):
    dana = enter()
    accounts.disable(dana.user_id)

    with pytest.raises(Forbidden):
        enter()


def test_a_deleted_account_takes_its_identities_along(database: str):
    dana = enter()
    accounts.delete(dana.user_id)

    assert all_of(Identity) == []
    assert enter().user_id != dana.user_id


def test_what_is_connected_opens_the_account_and_confirms_its_email(alice: Person):
    connect(alice, of(alice))

    assert enter(of(alice)).user_id == alice.id
    assert [u.email_verified_at is not None for u in all_of(User)] == [True]
    assert actions(2) == [("identity-connect", "done", "GitHub"), ("sign-in", "done", "GitHub")]


def test_connecting_it_again_changes_nothing(alice: Person):
    connect(alice, of(alice))
    connect(alice, of(alice))

    assert len(all_of(Identity)) == 1


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"email": "charlie@example.org"}, "other-email"),
        ({"email": "alice@example.org.evil.example"}, "other-email"),
        ({"email": ""}, "unverified"),
        ({"is_email_verified": False}, "unverified"),
    ],
)
def test_only_the_accounts_own_confirmed_email_is_connected(
    alice: Person, changes: dict[str, object], kind: str
):
    with pytest.raises(IdentityProblem) as error:
        connect(alice, replace(of(alice), **changes))  # type: ignore[arg-type]

    assert problem(error) == kind
    assert all_of(Identity) == []
    assert actions() == [("identity-connect", "refused", f"GitHub: {kind}")]


def test_an_identity_belongs_to_one_account(alice: Person, charlie: Person):
    connect(alice, of(alice))

    with pytest.raises(IdentityProblem) as error:
        connect(charlie, replace(of(alice), email=charlie.email))
    assert problem(error) == "connected-elsewhere"
    assert enter(of(alice)).user_id == alice.id


def test_an_account_has_one_identity_of_each_provider(alice: Person):
    connect(alice, of(alice))

    with pytest.raises(IdentityProblem) as error:
        connect(alice, of(alice, "3003"))
    assert problem(error) == "connected-already"


def test_the_list_names_what_is_connected_and_what_could_be(alice: Person):
    connect(alice, of(alice))

    google, github = identities.list_for(alice.id)
    assert (google.provider_id, google.name, google.identity_id) == ("google", "Google", "")
    assert (github.name, github.email, github.may_be_disconnected) == ("GitHub", alice.email, True)


def test_what_is_not_offered_any_more_can_still_be_disconnected(
    alice: Person, settings: Callable[..., None]
):
    connect(alice, of(alice))
    settings(GITHUB_CLIENT_ID="")

    _google, gone = identities.list_for(alice.id)
    assert (gone.provider_id, gone.name) == ("", "github.com")
    identities.disconnect(alice.id, gone.identity_id)
    assert all_of(Identity) == []


def test_disconnected_it_opens_nothing(alice: Person):
    connect(alice, of(alice))
    identities.disconnect(alice.id, str(all_of(Identity)[0].id))
    assert actions() == [("identity-disconnect", "done", "GitHub")]

    with pytest.raises(IdentityProblem) as error:
        enter(of(alice))
    assert problem(error) == "email-taken"


def test_the_only_way_to_sign_in_stays(database: str, settings: Callable[..., None]):
    dana = enter()
    [only] = identities.list_for(dana.user_id)[1:]
    assert not only.may_be_disconnected
    with pytest.raises(Forbidden, match="only way to sign in"):
        identities.disconnect(dana.user_id, only.identity_id)

    google = replace(DANA, issuer="https://accounts.google.com")
    connect(dana, google, "google")
    settings(GOOGLE_CLIENT_ID="")  # which then lets nobody in any more
    with pytest.raises(Forbidden):
        identities.disconnect(dana.user_id, only.identity_id)
    settings(GOOGLE_CLIENT_ID="chatbot")
    identities.disconnect(dana.user_id, only.identity_id)
    assert [i.issuer for i in all_of(Identity)] == [google.issuer]


def test_of_the_last_two_only_one_goes_however_fast_one_clicks(database: str):
    dana = enter()
    connect(dana, replace(DANA, issuer="https://accounts.google.com"), "google")
    ids = [str(identity.id) for identity in all_of(Identity)]

    def outcome(identity_id: str) -> str:
        try:
            identities.disconnect(dana.user_id, identity_id)
        except Forbidden:
            return "refused"
        return "done"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(outcome, ids)) == ["done", "refused"]
    assert len(all_of(Identity)) == 1


def test_a_stranger_disconnects_nothing(alice: Person, charlie: Person):
    connect(alice, of(alice))
    own = str(all_of(Identity)[0].id)

    for identity_id in (own, str(uuid.uuid4()), "", None, 7, "x"):
        with pytest.raises(NotFound):
            identities.disconnect(charlie.id, identity_id)
    assert len(all_of(Identity)) == 1


def test_an_email_that_was_taken_a_moment_ago_is_said_to_be(
    database: str, monkeypatch: pytest.MonkeyPatch
):
    def register(*_: object) -> None:
        raise Conflict("somebody was faster")

    monkeypatch.setattr(identities, "_register", register)
    with pytest.raises(IdentityProblem) as error:
        enter()
    assert problem(error) == "email-taken"


@pytest.mark.parametrize("word", ["", "nothing", "<script>", "__class__", None, 7])
def test_no_word_but_the_known_ones_says_anything(word: object):
    assert identities.sentence(word, "github") == ""


def test_a_sentence_names_only_providers_that_are_offered():
    assert "at GitHub" in identities.sentence("cancelled", "github")
    for other in ("oidc", "<b>", "{name}", "", None):
        assert "at the provider" in identities.sentence("cancelled", other)


def test_who_needs_no_provider_does_not_load_what_talks_to_them():
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from chatbot_app.services import handshakes;"
            "print([m for m in sys.modules if m.split('.')[0] in ('authlib', 'joserfc')])",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT_ROOT,
    )
    assert loaded.stdout.strip() == "[]"
