"""One message of the conversation: a question in its bubble, or an answer on the page."""

import reflex as rx

from chatbot_app.components.icons import icon_button
from chatbot_app.components.prose import Answer
from chatbot_app.schemas import MessageView
from chatbot_app.state.conversation import Conversation


@rx.memo
def message_article(message: rx.Var[MessageView], agent: rx.Var[str]) -> rx.Component:
    """A message with its actions, under the names that tests and assistive technology rely on."""
    return rx.el.article(
        rx.cond(message.role == "user", _question(message), _answer(message, agent)),
        data_role=message.role,
        data_status=message.status,
        data_message_id=message.id,
        aria_label=rx.cond(message.role == "user", "You", agent),
        class_name="message",
    )


def _question(message: rx.Var[MessageView]) -> rx.Component:
    return rx.fragment(
        rx.el.div(message.blocks.join(""), class_name="bubble"),
        rx.el.div(_copy(message), class_name="message-actions"),
    )


def _answer(message: rx.Var[MessageView], agent: rx.Var[str]) -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.span(rx.icon("sparkles", size=14), class_name="mark", aria_hidden="true"),
            rx.el.span(agent),
            class_name="agent",
        ),
        Answer.create(message_id=message.id, stored=message.blocks),
        rx.cond(
            message.status == "generating",
            rx.el.span(class_name="waiting", aria_hidden="true"),
            rx.fragment(
                _outcome(message),
                rx.cond(_ended_early(message), _ways_on(message)),
                rx.el.div(
                    rx.cond(message.versions > 1, _versions(message)),
                    _copy(message),
                    class_name="message-actions",
                ),
            ),
        ),
    )


def _outcome(message: rx.Var[MessageView]) -> rx.Component:
    """How an answer that is not complete ended, in a sentence."""
    return rx.match(  # pyright: ignore[reportReturnType]
        message.status,
        (
            "failed",
            rx.el.p(rx.icon("circle-alert", size=16), message.error, class_name="outcome failed"),
        ),
        (
            "interrupted",
            rx.el.p(
                rx.icon("unplug", size=16),
                rx.cond(message.error != "", message.error, "This answer was cut short."),
                class_name="outcome",
            ),
        ),
        (
            "stopped",
            rx.el.p(
                rx.icon("circle-stop", size=16), "You stopped this answer.", class_name="outcome"
            ),
        ),
        rx.fragment(),
    )


def _ended_early(message: rx.Var[MessageView]) -> rx.Var[bool]:
    ended_early = (
        (message.status == "failed")
        | (message.status == "interrupted")
        | (message.status == "stopped")
    )
    return ended_early.to(bool)


def _ways_on(message: rx.Var[MessageView]) -> rx.Component:
    """What one can do about an answer that ended early, as long as it is the last."""
    can_go_on = (message.status != "failed") & (message.blocks.length() > 0)
    return rx.el.div(
        rx.cond(
            can_go_on,
            _way_on("Continue", "play", Conversation.resume(message.id)),
        ),
        _way_on("Retry", "rotate-ccw", Conversation.retry(message.id)),
        class_name="ways-on",
    )


def _way_on(name: str, icon: str, on_click: rx.event.EventSpec) -> rx.Component:
    return rx.el.button(
        rx.icon(icon, size=14, aria_hidden="true"),
        name,
        type="button",
        on_click=on_click,
        class_name="button way-on",
    )


def _versions(message: rx.Var[MessageView]) -> rx.Component:
    """Moves between the answers to one question."""
    return rx.el.div(
        icon_button(
            "chevron-left",
            "Previous version",
            on_click=Conversation.show_version(message.previous_version),
            disabled=message.previous_version == "",
        ),
        rx.el.span(
            message.version.to_string() + "/" + message.versions.to_string(),
            class_name="version",
        ),
        icon_button(
            "chevron-right",
            "Next version",
            on_click=Conversation.show_version(message.next_version),
            disabled=message.next_version == "",
        ),
        role="group",
        aria_label="Versions of this answer",
        class_name="versions",
    )


def _copy(message: rx.Var[MessageView]) -> rx.Component:
    """Copies the markdown as the model wrote it, not what the page made of it."""
    copy = rx.Var(
        f"() => window.chatbot.copyMessage({message.id!s}, {message.blocks.join('')!s})",
        _var_data=message._get_all_var_data(),
    )
    return icon_button("copy", "Copy", on_click=rx.call_function(copy), data_copy="")
