"""The thin bar that says that the server can't be reached."""

import reflex as rx


def offline_bar() -> rx.Component:
    """There while the page has no connection: `assets/app.js` knows, and says so on the root element."""
    return rx.el.div(
        rx.el.div(
            rx.icon("wifi-off", size=15, aria_hidden="true"),
            rx.el.span(
                "You are offline. ",
                rx.el.span("What you write stays here, and the page ", class_name="wide-only"),
                rx.el.span("The page ", class_name="narrow-only"),
                "catches up by itself.",
            ),
            class_name="offline-text",
        ),
        role="status",
        aria_label="Connection",
        class_name="offline-bar",
    )
