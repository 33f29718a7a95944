"""Choose another password, by a link."""

import reflex as rx

from chatbot_app.components.entrance import api_form, entrance, link_token, new_password
from chatbot_app.state.landing import Landing

OPTIONS = {"route": "/reset", "title": "Choose another password", "on_load": Landing.look_around}


def page() -> rx.Component:
    """The new password; afterwards one signs in with it."""
    return entrance(
        "Choose another password",
        api_form(
            "/api/auth/reset",
            link_token(),
            new_password("New password", "new_password"),
            rx.el.p("You will be signed out everywhere.", class_name="field-hint"),
            submit="Save password",
        ),
        footer=rx.fragment("The link is too old? ", rx.link("Ask for another", href="/forgot")),
    )
