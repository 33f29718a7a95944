"""What an answer took, behind a small button under it."""

import reflex as rx

from chatbot_app.components.icons import icon_button
from chatbot_app.components.words import t
from chatbot_app.schemas import MessageView
from chatbot_app.state.answer_details import AnswerDetails


def answer_info(message: rx.Var[MessageView]) -> rx.Component:
    """The button and what it opens, which is asked for when somebody wants to see it."""
    return rx.popover.root(
        rx.popover.trigger(icon_button("info", t("Answer details"))),
        rx.popover.content(
            _facts(message_id=message.id),
            aria_label=t("Answer details"),
            side="top",
            align="start",
            size="1",
            class_name="answer-info",
        ),
        on_open_change=lambda is_open: rx.cond(is_open, AnswerDetails.look(message.id), rx.noop()),
    )


@rx.memo
def _facts(message_id: rx.Var[str]) -> rx.Component:
    # A component of its own: the messages themselves do not hear of what is asked for.
    facts = AnswerDetails.facts
    is_known = (AnswerDetails.message_id == message_id).to(bool)
    named = {
        "model": t("Model"),
        "duration": t("Duration"),
        "prompt_tokens": t("Tokens read"),
        "completion_tokens": t("Tokens written"),
        "speed": t("Speed"),
    }
    return rx.el.dl(
        *[_fact(name, getattr(facts, field), is_known) for field, name in named.items()],
        aria_busy=rx.cond(is_known, "false", "true"),
    )


def _fact(name: str | rx.Var[str], value: rx.Var[str], is_known: rx.Var[bool]) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(rx.cond(is_known & (value != ""), value, "–")))
