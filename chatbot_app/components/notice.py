"""The one place for a sentence that belongs to no form: what could not be done, and why."""

import reflex as rx

from chatbot_app.components.icons import icon_button
from chatbot_app.components.words import t
from chatbot_app.state.notices import Notices
from chatbot_app.state.session import Session


def notice() -> rx.Component:
    """A floating card that goes away by itself, as a toast does: `assets/menus.js` sees to it."""
    return rx.cond(
        Session.notice != "",
        rx.el.div(
            rx.el.p(Session.notice, role="alert"),
            icon_button("x", t("Dismiss"), on_click=Notices.dismiss, data_close_toast=""),
            key=Session.notice,
            class_name="notice",
        ),
    )
