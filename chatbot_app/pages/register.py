"""Make an account."""

import reflex as rx

from chatbot_app.components.entrance import api_form, entrance
from chatbot_app.components.fields import text_field
from chatbot_app.components.identities import provider_buttons
from chatbot_app.state.landing import Landing

OPTIONS = {"route": "/register", "title": "Create account", "on_load": Landing.pass_through}


def page() -> rx.Component:
    """Name, email, password; afterwards one stands in the first chat."""
    return entrance(
        "Create your account",
        api_form(
            "/api/auth/register",
            text_field("Name", "name", auto_complete="name", auto_focus=True),
            text_field("Email", "email", type="email", auto_complete="email"),
            text_field(
                "Password",
                "password",
                hint="At least 15 characters. A few words in a row are easy to remember.",
                type="password",
                auto_complete="new-password",
            ),
            submit="Create account",
        ),
        provider_buttons(),
        footer=rx.fragment("Already have an account? ", rx.link("Sign in", href="/login")),
    )
