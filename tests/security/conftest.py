"""One served application for all of these tests, and people in its database.

The tests write to the same SQLite file that the server serves, as an administrator's command would.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from chatbot_app import db
from chatbot_app.models import Identity
from chatbot_app.repositories import identities
from chatbot_app.services import projects, sharing, turns
from tests.conftest import Person, end, person, say
from tests.fake_provider import FakeProvider
from tests.security.handlers import Handler, Route, registry
from tests.served import JWT_SECRET, Served

CANARY = "canary"


@dataclass(frozen=True)
class Estate:
    """All that an owner has and nobody else may see or change; each text holds a word of its own."""

    owner: Person
    project_id: str
    chat_id: str
    message_id: str
    identity_id: str
    older_id: str
    """Another answer to the same question, which is not shown."""
    link_id: str
    secrets: tuple[str, ...]

    @property
    def ids(self) -> dict[str, str]:
        """Give the owner's ids under the names that handlers use."""
        return {
            "project_id": self.project_id,
            "chat_id": self.chat_id,
            "message_id": self.message_id,
            "session_id": str(self.owner.viewer.session_id),
            "identity_id": self.identity_id,
            "link_id": self.link_id,
            "confirmation": self.secrets[0],
        }

    @property
    def path(self) -> str:
        return f"/projects/{self.project_id}/chat/{self.chat_id}"

    def assert_unseen_in(self, text: str) -> None:
        for secret in self.secrets:
            assert secret not in text, f"{secret} was sent to somebody else"


@pytest.fixture(scope="session")
def provider() -> Iterator[FakeProvider]:
    """Run the provider behind it."""
    with FakeProvider() as running:
        yield running


@pytest.fixture(scope="session")
def server(provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the application for all tests of this directory."""
    with Served(tmp_path_factory.mktemp("served"), provider.base_url) as running:
        yield running


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Handler], list[Route]]:
    """Give every registered handler and every API route."""
    return registry(tmp_path_factory.mktemp("registry"))


@pytest.fixture(scope="session")
def handlers(registered: tuple[list[Handler], list[Route]]) -> list[Handler]:
    return registered[0]


@pytest.fixture(autouse=True)
def same_database(server: Served, settings: Callable[..., None]) -> Iterator[None]:
    """Let the test's services work on the server's database, with its secret."""
    settings(JWT_SECRET=JWT_SECRET)
    db.configure(server.database_url)
    yield
    db.configure(None)


def newcomer(name: str) -> Person:
    """Open an account whose e-mail nobody has yet."""
    return person(f"{name}-{uuid.uuid4().hex[:10]}")


@pytest.fixture
def stranger() -> Person:
    return newcomer("Charlie")


@pytest.fixture
def estate() -> Estate:
    return new_estate()


def new_estate() -> Estate:
    """Bring in an owner with a project and a chat whose last answer could be asked for again."""
    owner = newcomer("Alice")
    word = uuid.uuid4().hex[:10]
    words = [f"{CANARY}-{what}-{word}" for what in ("name", "prompt", "title", "answer")]
    form = {"name": words[0], "description": "", "system_prompt": words[1]}
    projects.update(owner.id, owner.project_id, **form, model="", temperature="", starters="")
    older = say(owner, words[2], "An earlier answer.", status="stopped")
    turn = turns.retry(owner.id, older.answer.id).turn
    end(turn, words[3], status="stopped")
    identity = Identity(
        user_id=owner.id, issuer="https://github.com", subject=f"of-{word}", email=owner.email
    )
    identity_id = str(identity.id)
    with db.session(write=True) as session:
        identities.add(session, identity)
    return Estate(
        owner,
        str(owner.project_id),
        turn.chat.id,
        turn.answer.id,
        identity_id,
        older.answer.id,
        sharing.share(owner.id, turn.chat.id).id,
        (*words, owner.email, owner.token),
    )
