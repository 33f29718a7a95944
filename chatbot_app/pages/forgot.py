"""Ask for a link, having forgotten the password."""

import reflex as rx

from chatbot_app.components.entrance import api_form, entrance
from chatbot_app.components.fields import text_field
from chatbot_app.components.links import link
from chatbot_app.components.words import t
from chatbot_app.state.landing import Landing

OPTIONS = {"route": "/forgot", "title": t("Forgot your password?"), "on_load": Landing.look_around}


def page() -> rx.Component:
    """An email; or, where no mail is sent, whom to ask."""
    return entrance(
        t("Forgot your password?"),
        rx.cond(
            Landing.has_mail,
            rx.fragment(
                rx.el.p(
                    t("Tell us your email, and we send you a link to choose another one."),
                    class_name="entrance-lead",
                ),
                api_form(
                    "/api/auth/forgot",
                    text_field(t("Email"), "email", type="email", auto_complete="email"),
                    submit=t("Send link"),
                ),
            ),
            rx.el.p(
                t(
                    "This site sends no mail. Please ask whoever runs it: they can make a link for you,"
                    " with which you choose another password."
                ),
                class_name="entrance-lead alone",
            ),
        ),
        footer=link(t("Back to sign in"), href="/login"),
    )
