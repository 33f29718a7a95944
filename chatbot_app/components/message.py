"""One message of the conversation: a question in its bubble, or an answer on the page."""

import reflex as rx

from chatbot_app.components.answer_info import answer_info
from chatbot_app.components.icons import icon_button
from chatbot_app.components.model_picker import CHOSEN_MODEL
from chatbot_app.components.prose import Answer
from chatbot_app.components.question import question
from chatbot_app.components.thoughts import thoughts
from chatbot_app.components.words import t
from chatbot_app.schemas import MessageView
from chatbot_app.state.branches import Deletion
from chatbot_app.state.conversation import Conversation


@rx.memo
def message_article(message: rx.Var[MessageView], agent: rx.Var[str]) -> rx.Component:
    """A message with its actions, under the names that tests and assistive technology rely on."""
    return rx.el.article(
        rx.cond(message.role == "user", _question(message), _answer(message, agent)),
        data_role=message.role,
        data_status=message.status,
        data_message_id=message.id,
        aria_label=rx.cond(message.role == "user", t("You"), agent),
        class_name="message",
    )


def _question(message: rx.Var[MessageView]) -> rx.Component:
    return rx.fragment(
        question(
            message,
            _versions(message),
            _copy(message),
            icon_button("pencil", t("Edit"), data_edit=""),
            _delete(message),
        ),
        rx.el.div(
            icon_button(
                "rotate-ccw",
                t("Retry"),
                on_click=Conversation.regenerate(message.id, CHOSEN_MODEL),
                class_name="way-on",
                data_way="rotate-ccw",
            ),
            class_name="ways-on",
        ),
    )


def _answer(message: rx.Var[MessageView], agent: rx.Var[str]) -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.span(rx.icon("sparkles", size=14), class_name="mark", aria_hidden="true"),
            rx.el.span(agent),
            class_name="agent",
        ),
        thoughts(message),
        Answer.create(message_id=message.id, stored=message.blocks),
        rx.cond(
            message.status == "generating",
            rx.el.span(class_name="waiting", aria_hidden="true"),
            rx.fragment(
                _outcome(message),
                rx.cond(_ended_early(message), _ways_on(message)),
                rx.el.div(
                    _versions(message),
                    rx.cond(_has_text(message), _copy(message)),
                    icon_button(
                        "refresh-cw",
                        t("Regenerate"),
                        on_click=Conversation.regenerate(message.id, CHOSEN_MODEL),
                        class_name="regenerate",
                        data_way="regenerate",
                    ),
                    answer_info(message),
                    _delete(message),
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
                rx.cond(message.error != "", message.error, t("This answer was cut short.")),
                class_name="outcome",
            ),
        ),
        (
            "stopped",
            rx.el.p(
                rx.icon("circle-stop", size=16), t("You stopped this answer."), class_name="outcome"
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


def _has_text(message: rx.Var[MessageView]) -> rx.Var[bool]:
    """Whether there is a word to copy, or to go on from."""
    return (message.blocks.join("").strip() != "").to(bool)


def _ways_on(message: rx.Var[MessageView]) -> rx.Component:
    """What one can do about an answer that ended early, as long as it is the last."""
    can_go_on = (message.status != "failed") & _has_text(message)
    return rx.el.div(
        rx.cond(
            can_go_on,
            _way_on(t("Continue"), "play", Conversation.resume(message.id)),
        ),
        _way_on(t("Retry"), "rotate-ccw", Conversation.retry(message.id, CHOSEN_MODEL)),
        class_name="ways-on",
    )


def _way_on(name: rx.Var[str], icon: str, on_click: rx.event.EventSpec) -> rx.Component:
    return rx.el.button(
        rx.icon(icon, size=14, aria_hidden="true"),
        name,
        type="button",
        on_click=on_click,
        class_name="button way-on",
        data_way=icon,
    )


def _versions(message: rx.Var[MessageView]) -> rx.Component:
    """Moves between the messages in one place, where there are several."""
    versions = rx.el.div(
        icon_button(
            "chevron-left",
            t("Previous version"),
            on_click=Conversation.show_version(message.previous_version),
            disabled=message.previous_version == "",
            data_way="previous",
        ),
        rx.el.span(
            message.version.to_string() + "/" + message.versions.to_string(),
            class_name="version",
        ),
        icon_button(
            "chevron-right",
            t("Next version"),
            on_click=Conversation.show_version(message.next_version),
            disabled=message.next_version == "",
            data_way="next",
        ),
        role="group",
        aria_label=t("Versions of this message"),
        class_name="versions",
    )
    return rx.cond(message.versions > 1, versions)


def _delete(message: rx.Var[MessageView]) -> rx.Component:
    return icon_button(
        "trash-2",
        t("Delete message"),
        on_click=Deletion.ask(message.id),
        data_way="delete",
        data_takes_focus="",
    )


def delete_dialog() -> rx.Component:
    """Asks before a message goes with all that follows it; once for the page."""
    return rx.alert_dialog.root(
        rx.alert_dialog.content(
            rx.alert_dialog.title(t("Delete this message?")),
            rx.alert_dialog.description(
                t("It will be gone for good, with all that follows it, in every version.")
            ),
            rx.el.div(
                rx.alert_dialog.cancel(
                    rx.el.button(
                        t("Cancel"), type="button", class_name="button", on_click=Deletion.keep
                    )
                ),
                rx.alert_dialog.action(
                    rx.el.button(
                        t("Delete"),
                        type="button",
                        class_name="button danger",
                        data_deletes="",
                        on_click=Deletion.delete,
                    )
                ),
                class_name="dialog-actions",
            ),
            max_width="26rem",
            on_escape_key_down=Deletion.keep,
        ),
        open=Deletion.message_id != "",
    )


def _copy(message: rx.Var[MessageView]) -> rx.Component:
    """Copies the markdown as the model wrote it, not what the page made of it."""
    copy = rx.Var(
        f"() => window.chatbot.copyMessage({message.id!s}, {message.blocks.join('')!s})",
        _var_data=message._get_all_var_data(),
    )
    return icon_button("copy", t("Copy"), on_click=rx.call_function(copy), data_copy="")
