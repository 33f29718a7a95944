"""Make an account."""

import reflex as rx

from chatbot_app.components.entrance import api_form, entrance, link_token, new_password
from chatbot_app.components.fields import text_field
from chatbot_app.components.identities import provider_buttons
from chatbot_app.components.links import link
from chatbot_app.components.words import t
from chatbot_app.state.landing import Landing

OPTIONS = {"route": "/register", "title": t("Create account"), "on_load": Landing.pass_through}


def page() -> rx.Component:
    """Name, email, password; afterwards one stands in the first chat.

    Where not everybody may, those without an invitation are told so instead; the style sheet knows
    by the address whether there is one.
    """
    return entrance(
        t("Create your account"),
        rx.el.div(
            _refusal(
                "invitation", t("Accounts here are by invitation. Please open the link in yours.")
            ),
            _refusal("closed", t("Nobody can make an account here at the moment.")),
            api_form(
                "/api/auth/register",
                link_token("invitation"),
                text_field(t("Name"), "name", auto_complete="name", auto_focus=True),
                text_field(t("Email"), "email", type="email", auto_complete="email"),
                new_password(),
                submit=t("Create account"),
            ),
            data_registration=Landing.registration,
        ),
        rx.cond(Landing.registration == "open", provider_buttons()),
        footer=rx.fragment(t("Already have an account?"), " ", link(t("Sign in"), href="/login")),
    )


def _refusal(mode: str, sentence: rx.Var[str] | str) -> rx.Component:
    return rx.cond(
        Landing.registration == mode,
        rx.el.p(sentence, class_name="entrance-lead alone uninvited"),
    )
