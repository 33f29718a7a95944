"""What people look at again and again, by name, for somebody with much or with little."""

import asyncio
from collections.abc import Callable

from chatbot_app.services import accounts, chats, projects
from tests.conftest import PASSWORD
from tests.crowd import Home


def looking(home: Home) -> dict[str, Callable[[], object]]:
    """What costs the same for everybody, however much there is."""
    user, project, chat = home.user_id, home.project_id, home.chat_id

    def older_chats() -> None:
        before = chats.list_page(user, project, limit=20).older_than
        chats.list_page(user, project, before=before, limit=20)

    def page_above() -> None:
        before = chats.open_page(user, project, chat).older_than
        chats.open_page(user, project, chat, before=before)

    return {
        "the first chats of the rail": lambda: chats.list_page(user, project, limit=20),
        "older chats": older_chats,
        "a chat": lambda: chats.open_page(user, project, chat),
        "the page above": page_above,
        "a project": lambda: projects.get(user, project),
        "the first project": lambda: projects.first(user),
        "a chat's new title": lambda: chats.rename(user, chat, "Another title"),
        "where to land": lambda: accounts.landing(user),
        "signing in": lambda: sign_in(home.email),
    }


def sign_in(email: str) -> str:
    grant = asyncio.run(accounts.sign_in(email=email, password=PASSWORD, address="192.0.2.1"))
    return grant.token
