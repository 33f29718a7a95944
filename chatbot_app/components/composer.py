"""Where a person writes. The text stays in its field until the server has taken it."""

import reflex as rx

from chatbot_app.components.fields import filled_in
from chatbot_app.components.icons import icon_button
from chatbot_app.components.model_picker import model_button, model_picker
from chatbot_app.components.words import t
from chatbot_app.config import get_settings
from chatbot_app.state.conversation import Conversation


def composer() -> rx.Component:
    """The raised card with the text, and the row of controls beneath it.

    `assets/composer.js` grows it, sends on Enter, names each message with a key, sends again what got
    lost on the way, and has what is sent while an answer runs wait until that has ended; it knows
    the parts by their data attributes. Beside it `assets/kept.js` keeps drafts and what is on its
    way, and `assets/limits.js` counts.
    """
    return rx.fragment(
        rx.el.form(
            rx.cond(
                Conversation.hint != "",
                rx.el.p(Conversation.hint, role="alert", class_name="composer-hint"),
            ),
            filled_in(rx.el.p, role="alert", class_name="composer-hint", data_composer_hint=""),
            _queued(),
            rx.el.input(type="hidden", name="key", data_key=""),
            rx.el.input(type="hidden", name="model", data_model=""),
            rx.el.div(_text(), _row(), class_name="composer-card"),
            on_submit=Conversation.send_message,
            method="dialog",  # nowhere, while no script is there yet to send it
            class_name="composer",
        ),
        model_picker(),
    )


def _queued() -> rx.Component:
    """What goes when the answer has ended; the script fills it in."""
    return rx.el.div(
        filled_in(rx.el.p, role="status", class_name="queued-text", data_queued_text=""),
        icon_button("pencil", t("Edit queued message"), data_queued_edit=""),
        icon_button("x", t("Remove"), data_queued_remove=""),
        class_name="queued",
        data_queued="",
        hidden=True,
    )


def _text() -> rx.Component:
    return rx.el.textarea(
        id="message",
        name="message",
        aria_label=t("Message"),
        aria_describedby="composer-count",
        placeholder=rx.cond(
            Conversation.project_name != "",
            t("Message {name}", name=Conversation.project_name),
            t("Write a message"),
        ),
        rows=1,
        auto_focus=True,
        auto_complete="off",  # it has its draft
        enter_key_hint="send",
        data_composer="",
        data_limit=str(get_settings().message_max_chars),
        data_accepted=Conversation.accepted.to_string() + " " + Conversation.accepted_key,
        data_refused=Conversation.refused.to_string() + " " + Conversation.refused_key,
        data_draft=rx.cond(
            Conversation.is_temporary,
            Conversation.open_project_id + "/temporary",
            Conversation.open_project_id + "/" + Conversation.open_chat_id,
        ),
        class_name="composer-text",
    )


def _row() -> rx.Component:
    return rx.el.div(
        filled_in(
            rx.el.p,
            id="composer-count",
            class_name="composer-count",
            data_composer_count="",
            hidden=True,
        ),
        model_button(),
        rx.cond(
            Conversation.is_answering,
            rx.fragment(
                icon_button("list-plus", t("Queue message"), type="submit", class_name="queue"),
                icon_button(
                    "square",
                    t("Stop"),
                    on_click=Conversation.stop,
                    class_name="send stop",
                    data_stop="",
                ),
            ),
            icon_button("arrow-up", t("Send"), type="submit", class_name="send"),
        ),
        class_name="composer-row",
    )
