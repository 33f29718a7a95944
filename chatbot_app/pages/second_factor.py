"""The second half of signing in: the code."""

import reflex as rx

from chatbot_app.components.entrance import api_form, entrance
from chatbot_app.components.fields import text_field
from chatbot_app.components.links import link
from chatbot_app.components.words import t
from chatbot_app.state.landing import Landing

OPTIONS = {
    "route": "/login/code",
    "title": t("Two-factor code"),
    "on_load": Landing.pass_through,
}


def page() -> rx.Component:
    """One field, for whichever code is at hand."""
    return entrance(
        t("Two-factor code"),
        api_form(
            "/api/auth/sign-in/code",
            text_field(
                t("Code"),
                "code",
                hint=t("The six digits that your authenticator app shows, or a recovery code."),
                auto_complete="one-time-code",
                auto_capitalize="none",
                spell_check=False,
                auto_focus=True,
            ),
            submit=t("Continue"),
        ),
        footer=link(t("Back to sign-in"), href="/login"),
    )
