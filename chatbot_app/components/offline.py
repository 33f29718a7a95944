"""The thin bar that says that the server can't be reached."""

import reflex as rx

from chatbot_app.components.words import t


def offline_bar() -> rx.Component:
    """There while the page has no connection: `assets/app.js` knows, and says so on the root element."""
    return rx.el.div(
        rx.el.div(
            rx.icon("wifi-off", size=15, aria_hidden="true"),
            rx.el.span(
                t("You are offline. What you write stays here, and the page catches up by itself."),
                class_name="wide-only",
            ),
            rx.el.span(
                t("You are offline. The page catches up by itself."), class_name="narrow-only"
            ),
            class_name="offline-text",
        ),
        role="status",
        aria_label=t("Connection"),
        class_name="offline-bar",
    )
