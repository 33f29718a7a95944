"""Confirm an email address, by a link."""

import reflex as rx

from chatbot_app.components.entrance import api_form, entrance, link_token
from chatbot_app.components.links import link
from chatbot_app.components.words import t
from chatbot_app.state.landing import Landing

OPTIONS = {"route": "/verify", "title": t("Confirm your email"), "on_load": Landing.look_around}


def page() -> rx.Component:
    """One button: a link alone confirms nothing, for scanners of mail open links too."""
    return entrance(
        t("Confirm your email"),
        rx.el.p(t("One click, and we know that mail reaches you."), class_name="entrance-lead"),
        api_form("/api/auth/verify", link_token(), submit=t("Confirm my email"), data_once=""),
        footer=link(t("Go to your chats"), href="/"),
    )
