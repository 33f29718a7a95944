"""The slim bar that asks to confirm one's email, until that is done."""

import reflex as rx

from chatbot_app.components.words import around, t
from chatbot_app.state.confirmation import Confirmation
from chatbot_app.state.session import Session


def unconfirmed_bar() -> rx.Component:
    """Gone by itself at the page's next event after the address was confirmed, wherever that was."""
    return rx.cond(
        Session.is_verified,
        rx.fragment(),
        rx.el.div(
            rx.el.p(
                around(
                    "Please confirm your email: we sent a link to {email}.",
                    email=rx.el.strong(Session.email),
                ),
                " ",
                rx.cond(Confirmation.is_sent, rx.el.span(t("Sent again."), " ", role="status")),
                rx.el.button(
                    t("Send again"),
                    type="button",
                    on_click=Confirmation.send_again,
                    class_name="link-button",
                ),
            ),
            role="region",
            aria_label=t("Confirm your email"),
            class_name="unconfirmed-bar",
        ),
    )
