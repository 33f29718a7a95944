"""The way into a temporary chat, and out of it."""

import reflex as rx

from chatbot_app.components.links import link
from chatbot_app.components.words import t
from chatbot_app.state.conversation import Conversation


def temporary_switch() -> rx.Component:
    """Makes a new chat a temporary one, or an ordinary one again.

    A link, so that the page's address says which it is from the very moment on: a message that is
    sent before the server has heard of it is not stored either.
    """
    new_chat = "/projects/" + Conversation.open_project_id + "/chat"
    return rx.cond(
        Conversation.is_temporary,
        _switch("message-circle", t("Turn off temporary chat"), new_chat),
        _switch("message-circle-dashed", t("Temporary chat"), new_chat + "?temporary=1"),
    )


def temporary_note() -> rx.Component:
    """Says what a temporary chat is, before anything is said in it."""
    return rx.el.p(
        t(
            "A temporary chat is stored nowhere: it is gone when you leave it or close this tab, and"
            " can\u2019t be searched, shared or found again."
        ),
        class_name="temporary-note",
    )


def _switch(icon: str, name: rx.Var[str], href: rx.Var[str] | str) -> rx.Component:
    return link(
        rx.icon(icon, size=18, aria_hidden="true"),
        href=href,
        underline="none",
        aria_label=name,
        data_tip=name,
        data_temporary_switch="",
        class_name="icon-button temporary-switch",
    )
