"""Sign in."""

import reflex as rx

from chatbot_app.components.entrance import api_form, entrance
from chatbot_app.components.fields import text_field
from chatbot_app.components.identities import provider_buttons, provider_problem
from chatbot_app.components.links import link
from chatbot_app.components.words import t
from chatbot_app.state.landing import Landing

OPTIONS = {"route": "/login", "title": t("Sign in"), "on_load": Landing.pass_through}


def page() -> rx.Component:
    """Email and password; afterwards one is back in the last chat, or at the page that asked to
    sign in.
    """
    return entrance(
        t("Welcome back"),
        rx.cond(
            Landing.has_new_password,
            rx.el.p(
                t("Your new password is saved. Please sign in with it."),
                role="status",
                class_name="entrance-lead",
            ),
        ),
        provider_problem(),
        api_form(
            "/api/auth/sign-in",
            text_field(t("Email"), "email", type="email", auto_complete="email", auto_focus=True),
            text_field(
                t("Password"), "password", type="password", auto_complete="current-password"
            ),
            submit=t("Sign in"),
        ),
        rx.el.p(link(t("Forgot your password?"), href="/forgot"), class_name="entrance-aside"),
        provider_buttons(),
        footer=rx.cond(
            Landing.registration == "open",
            rx.fragment(t("New here?"), " ", link(t("Create an account"), href="/register")),
        ),
    )
