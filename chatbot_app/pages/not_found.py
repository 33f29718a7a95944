"""An address that leads nowhere."""

import reflex as rx

from chatbot_app.components.missing import missing
from chatbot_app.components.words import t

OPTIONS = {"route": "404", "title": t("Page not found")}


def page() -> rx.Component:
    """Say so, and show the ways on."""
    return rx.el.main(missing(), class_name="entrance")
