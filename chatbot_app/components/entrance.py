"""The frame of the pages for the signed-out, and the forms that post to the API instead of sending
an event.
"""

from typing import Any

import reflex as rx

from chatbot_app.components.fields import form_says, text_field
from chatbot_app.components.language import language_choice
from chatbot_app.components.links import link
from chatbot_app.components.words import t


def brand() -> rx.Component:
    """The platform's mark and name."""
    return rx.el.span(
        rx.el.span(rx.icon("sparkles", size=16), class_name="mark", aria_hidden="true"),
        "Chatbot Platform",
        class_name="brand",
    )


def entrance(
    title: rx.Var[str] | str, *children: rx.Component, footer: rx.Component
) -> rx.Component:
    """A card in the middle of the page."""
    return rx.el.main(
        link(brand(), href="/", underline="none", class_name="entrance-brand"),
        rx.el.div(rx.el.h1(title), *children, class_name="entrance-card"),
        rx.el.p(footer, class_name="entrance-footer"),
        language_choice("language-choice"),
        class_name="entrance",
    )


def api_form(
    action: str,
    *children: rx.Component,
    submit: rx.Var[str] | str,
    cancel: rx.Component | None = None,
    is_danger: bool = False,
    **props: Any,
) -> rx.Component:
    """A form that `assets/app.js` posts to the API as JSON; the error shows in it and nothing typed
    is lost. In a dialog its button stands at the right, beside the one that cancels.

    Passwords and codes go this way, never through an event: events are logged, queued and kept.
    """
    kind = "danger" if is_danger else "primary"
    width = "wide" if cancel is None else ""
    button = rx.el.button(submit, type="submit", class_name=f"button {kind} {width}".strip())
    return rx.el.form(
        *children,
        form_says(),
        button if cancel is None else rx.el.div(cancel, button, class_name="dialog-actions"),
        data_api=action,
        method="dialog",  # nowhere, while no script is there yet to send it
        no_validate=True,
        class_name="form",
        **props,
    )


def link_token(name: str = "token") -> rx.Component:
    """Carries the token of the link that led to this page; the scripts put it there, and take it out
    of the address.
    """
    return rx.el.input(type="hidden", name=name, data_token="")


def new_password(label: rx.Var[str] | str | None = None, name: str = "password") -> rx.Component:
    """Where somebody chooses a password."""
    return text_field(
        t("Password") if label is None else label,
        name,
        hint=t("At least 15 characters. A few words in a row are easy to remember."),
        type="password",
        auto_complete="new-password",
    )
