"""Addresses of pages: reading what one names, and making one to lead to."""

import reflex as rx

from chatbot_app.services import identities


def route_argument(state: rx.State, name: str) -> str:
    """The part of the page's address that the route calls `name`, or nothing. The client's word,
    like everything.
    """
    return str(getattr(state, name, "") or "")


def query_argument(state: rx.State, name: str) -> str:
    """What the page's address says behind its question mark under this name, or nothing."""
    return str(state.router.url.query_parameters.get(name, ""))


def identity_problem(state: rx.State) -> str:
    """What became of a sign-in by somebody else, if the page's address tells it by one of the words
    that are known. No text of an address is ever shown.
    """
    said = state.router.url.query_parameters
    return identities.sentence(said.get("problem", ""), said.get("provider", ""))


def chat_path(project_id: str, chat_id: str = "") -> str:
    """The address of a chat, or of a new chat in the project."""
    return f"/projects/{project_id}/chat/{chat_id}" if chat_id else f"/projects/{project_id}/chat"
