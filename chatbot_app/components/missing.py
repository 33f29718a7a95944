"""What stands in place of something that does not exist, or that this person may not see."""

import reflex as rx

from chatbot_app.components.links import link
from chatbot_app.components.words import t


def missing(
    what: rx.Var[str] | str | None = None,
) -> rx.Component:
    """A heading, a sentence, and ways on."""
    return rx.el.div(
        rx.el.span("404", class_name="missing-code", aria_hidden="true"),
        rx.el.h1(t("Page not found")),
        rx.el.p(
            t("The address may be mistyped, or what was here is gone.") if what is None else what
        ),
        rx.el.div(
            link(t("Go to your chats"), href="/", underline="none", class_name="button primary"),
            link(t("All projects"), href="/projects", underline="none", class_name="button"),
            class_name="missing-actions",
        ),
        class_name="missing",
    )
