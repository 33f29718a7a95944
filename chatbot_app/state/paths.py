"""Addresses of pages: reading what one names, and making one to lead to."""

import reflex as rx


def route_argument(state: rx.State, name: str) -> str:
    """The part of the page's address that the route calls `name`, or nothing. The client's word,
    like everything.
    """
    return str(getattr(state, name, "") or "")


def chat_path(project_id: str, chat_id: str = "") -> str:
    """The address of a chat, or of a new chat in the project."""
    return f"/projects/{project_id}/chat/{chat_id}" if chat_id else f"/projects/{project_id}/chat"
