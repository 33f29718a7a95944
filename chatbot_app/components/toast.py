"""What was just done, calmly: a sentence at the bottom that goes away by itself, with a way back.

`assets/menus.js` takes it away when its time is over; it waits while somebody points at it or has the
focus in it.
"""

import reflex as rx

from chatbot_app.components.icons import icon_button
from chatbot_app.components.words import t
from chatbot_app.state.chat_actions import ChatActions
from chatbot_app.state.toasts import Toast


def toast() -> rx.Component:
    """The place is always there, for what is announced is what changes within it."""
    return rx.el.div(
        rx.cond(
            Toast.message != "",
            rx.el.div(
                rx.el.p(Toast.message, class_name="ellipsis"),
                rx.cond(
                    Toast.can_undo,
                    rx.el.button(
                        t("Undo"),
                        type="button",
                        on_click=ChatActions.undo,
                        data_undo="",
                        class_name="link-button",
                    ),
                ),
                icon_button("x", t("Close message"), on_click=Toast.dismiss, data_close_toast=""),
                key=Toast.number.to_string(),
                class_name="toast",
            ),
        ),
        role="status",
        class_name="toasts",
    )
