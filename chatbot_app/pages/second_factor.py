"""The second half of signing in: the code."""

import reflex as rx

from chatbot_app.components.entrance import api_form, entrance
from chatbot_app.components.fields import text_field
from chatbot_app.state.landing import Landing

OPTIONS = {
    "route": "/login/code",
    "title": "Two-factor code",
    "on_load": Landing.pass_through,
}


def page() -> rx.Component:
    """One field, for whichever code is at hand."""
    return entrance(
        "Two-factor code",
        api_form(
            "/api/auth/sign-in/code",
            text_field(
                "Code",
                "code",
                hint="The six digits that your authenticator app shows, or a recovery code.",
                auto_complete="one-time-code",
                auto_capitalize="none",
                spell_check=False,
                auto_focus=True,
            ),
            submit="Continue",
        ),
        footer=rx.link("Back to sign-in", href="/login"),
    )
