"""A question in its bubble, and the field in which it is asked in other words."""

from typing import Any

import reflex as rx

from chatbot_app.config import get_settings
from chatbot_app.schemas import MessageView
from chatbot_app.state.branches import Edits


def _sent(text: rx.Var[str], key: rx.Var[str]) -> tuple[rx.Var[str], rx.Var[str]]:
    return text, key


class _Question(rx.Component):
    """What is typed stays in the page until it is sent: `assets/question.js` keeps it, and opens the
    field when the button with `data-edit` among its children is pressed.
    """

    library = "$/public/question.js"
    tag = "Question"

    message: rx.Var[str]
    text: rx.Var[str]
    limit: rx.Var[int]
    refusal: rx.Var[str]
    on_send: rx.EventHandler[_sent]


def question(message: rx.Var[MessageView], *actions: rx.Component) -> rx.Component:
    """The question with what can be done about it beneath."""
    on_send: Any = lambda text, key: Edits.edit(message.id, text, key)  # noqa: E731
    return _Question.create(
        *actions,
        message=message.id,
        text=message.blocks.join(""),
        limit=get_settings().message_max_chars,
        refusal=rx.cond(Edits.refused_id == message.id, Edits.reason, ""),
        on_send=on_send,
    )
