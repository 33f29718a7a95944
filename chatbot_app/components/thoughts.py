"""What the model thought before it answered, above the answer. How it is drawn is in
`assets/thoughts.js`.
"""

import reflex as rx

from chatbot_app.schemas import MessageView
from chatbot_app.state.answer import LiveAnswer
from chatbot_app.state.answer_details import AnswerDetails
from chatbot_app.state.block_groups import THOUGHT_VARS


class _Drawn(rx.Component):
    library = "$/public/thoughts.js"


class Thoughts(_Drawn):
    """The thoughts behind one answer: those of the live answer while it is, or was last, that one;
    otherwise as stored. Nothing where there are none.
    """

    tag = "Thoughts"

    message_id: rx.Var[str]
    stored: rx.Var[str]
    milliseconds: rx.Var[int]
    status: rx.Var[str]
    on_show_all: rx.EventHandler[rx.event.no_args_event_spec]


class ThoughtsFeed(_Drawn):
    """Hands thoughts to the messages they belong to. Shows nothing itself.

    `stretches` are those of the live answer, oldest first; `whole_text` is what was too long to
    come with its message.
    """

    tag = "ThoughtsFeed"

    message_id: rx.Var[str]
    stretches: rx.Var[list[str]]
    milliseconds: rx.Var[int]
    whole_id: rx.Var[str]
    whole_text: rx.Var[str]


def thoughts(message: rx.Var[MessageView]) -> rx.Component:
    """Show what was thought for this answer."""
    return Thoughts.create(
        message_id=message.id,
        stored=message.reasoning,
        milliseconds=message.reasoning_ms,
        status=message.status,
        on_show_all=AnswerDetails.read_thoughts(message.id),
    )


def thoughts_feed() -> rx.Component:
    """Once in a page that shows messages."""
    return ThoughtsFeed.create(
        message_id=LiveAnswer.message_id,
        stretches=[getattr(LiveAnswer, name) for name in THOUGHT_VARS],
        milliseconds=LiveAnswer.thought_ms,
        whole_id=AnswerDetails.thoughts_id,
        whole_text=AnswerDetails.thoughts,
    )
