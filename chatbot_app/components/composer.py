"""Where a person writes. The text stays in its field until the server has taken it."""

import reflex as rx

from chatbot_app.components.icons import icon_button
from chatbot_app.config import get_settings
from chatbot_app.state.conversation import Conversation


def composer() -> rx.Component:
    """The raised card with the text, and the row of controls beneath it.

    `assets/app.js` grows it, keeps its draft, sends on Enter, names each message with a key, and
    sends again what got lost on the way; it knows the parts by their data attributes.
    """
    return rx.el.form(
        rx.cond(
            Conversation.hint != "",
            rx.el.p(Conversation.hint, role="alert", class_name="composer-hint"),
        ),
        rx.el.p("", role="alert", class_name="composer-hint", data_composer_hint=""),
        rx.el.input(type="hidden", name="key", data_key=""),
        rx.el.div(
            rx.el.textarea(
                id="message",
                name="message",
                aria_label="Message",
                placeholder=rx.cond(
                    Conversation.project_name != "",
                    "Message " + Conversation.project_name,
                    "Write a message",
                ),
                rows=1,
                auto_focus=True,
                auto_complete="off",  # it has its draft
                enter_key_hint="send",
                data_composer="",
                data_limit=str(get_settings().message_max_chars),
                data_accepted=Conversation.accepted.to_string() + " " + Conversation.accepted_key,
                data_refused=Conversation.refused.to_string() + " " + Conversation.refused_key,
                data_draft=Conversation.open_project_id + "/" + Conversation.open_chat_id,
                class_name="composer-text",
            ),
            rx.el.div(
                rx.el.span(Conversation.model_name, class_name="composer-model"),
                rx.cond(
                    Conversation.is_answering,
                    icon_button(
                        "square", "Stop", on_click=Conversation.stop, class_name="send stop"
                    ),
                    icon_button("arrow-up", "Send", type="submit", class_name="send"),
                ),
                class_name="composer-row",
            ),
            class_name="composer-card",
        ),
        on_submit=Conversation.send_message,
        method="dialog",  # nowhere, while no script is there yet to send it
        class_name="composer",
    )
