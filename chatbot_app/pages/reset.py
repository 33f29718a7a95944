"""Choose another password, by a link."""

import reflex as rx

from chatbot_app.components.entrance import api_form, entrance, link_token, new_password
from chatbot_app.components.links import link
from chatbot_app.components.words import t
from chatbot_app.state.landing import Landing

OPTIONS = {"route": "/reset", "title": t("Choose another password"), "on_load": Landing.look_around}


def page() -> rx.Component:
    """The new password; afterwards one signs in with it."""
    return entrance(
        t("Choose another password"),
        api_form(
            "/api/auth/reset",
            link_token(),
            new_password(t("New password"), "new_password"),
            rx.el.p(t("You will be signed out everywhere."), class_name="field-hint"),
            submit=t("Save password"),
        ),
        footer=rx.fragment(
            t("The link is too old?"), " ", link(t("Ask for another"), href="/forgot")
        ),
    )
