"""The thin bar that says that the server can't be reached."""

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors


def offline_bar() -> rx.Component:
    """There while the page has no connection; `assets/app.js` shows it also as soon as the browser
    itself knows that it has no network.
    """
    return rx.el.div(
        rx.icon("wifi-off", size=15, aria_hidden="true"),
        rx.el.span(
            "You are offline. ",
            rx.el.span("What you write stays here, and the page ", class_name="wide-only"),
            rx.el.span("It ", class_name="narrow-only"),
            "catches up by itself.",
        ),
        role="status",
        aria_label="Connection",
        class_name="offline-bar",
        data_offline=rx.cond(has_connection_errors, "true", "false"),
    )
