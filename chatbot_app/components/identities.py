"""Signing in by somebody else: the buttons at the entrance, and what is connected in the settings.

The buttons post to the API, as all that begins a session does (`assets/app.js`), which says where
the provider is.
"""

import reflex as rx

from chatbot_app.components.fields import form_error, form_says
from chatbot_app.components.words import t
from chatbot_app.schemas import Connection, Provider
from chatbot_app.state.identities import Identities
from chatbot_app.state.landing import Landing

# The marks of Google and GitHub, in the colour of the text around them.
GOOGLE = (
    "M12.48 10.92v3.28h7.84c-.24 1.84-.853 3.187-1.787 4.133-1.147 1.147-2.933 2.4-6.053 2.4-4.827 "
    "0-8.6-3.893-8.6-8.72s3.773-8.72 8.6-8.72c2.6 0 4.507 1.027 5.907 2.347l2.307-2.307C18.747 1.44 "
    "16.133 0 12.48 0 5.867 0 .307 5.387.307 12s5.56 12 12.173 12c3.573 0 6.267-1.173 8.373-3.36 "
    "2.16-2.16 2.84-5.213 2.84-7.667 0-.76-.053-1.467-.173-2.053H12.48z"
)
GITHUB = (
    "M12 .297c-6.63 0-12 5.373-12 12 0 5.303 3.438 9.8 8.205 11.385.6.113.82-.258.82-.577 "
    "0-.285-.01-1.04-.015-2.04-3.338.724-4.042-1.61-4.042-1.61C4.422 18.07 3.633 17.7 3.633 "
    "17.7c-1.087-.744.084-.729.084-.729 1.205.084 1.838 1.236 1.838 1.236 1.07 1.835 2.809 1.305 "
    "3.495.998.108-.776.417-1.305.76-1.605-2.665-.3-5.466-1.332-5.466-5.93 0-1.31.465-2.38 "
    "1.235-3.22-.135-.303-.54-1.523.105-3.176 0 0 1.005-.322 3.3 1.23.96-.267 1.98-.399 3-.405 1.02"
    ".006 2.04.138 3 .405 2.28-1.552 3.285-1.23 3.285-1.23.645 1.653.24 2.873.12 3.176.765.84 1.23 "
    "1.91 1.23 3.22 0 4.61-2.805 5.625-5.475 5.92.42.36.81 1.096.81 2.22 0 1.606-.015 2.896-.015 "
    "3.286 0 .315.21.69.825.57C20.565 22.092 24 17.592 24 12.297c0-6.627-5.373-12-12-12"
)


def provider_buttons() -> rx.Component:
    """A way in for each provider that is set; nothing if there is none."""
    return rx.cond(
        Landing.providers.length() > 0,
        rx.el.div(
            rx.el.p(rx.el.span(t("or")), class_name="or-line"),
            rx.foreach(Landing.providers, _button),
            class_name="providers",
        ),
    )


def provider_problem() -> rx.Component:
    """What became of the last attempt to sign in that way."""
    return rx.cond(
        Landing.problem != "",
        rx.el.div(form_error(Landing.problem), class_name="entrance-problem"),
    )


def connections() -> rx.Component:
    """Each provider, as whom one is known there, and a button to connect or disconnect it."""
    return rx.el.div(
        rx.el.ul(rx.foreach(Identities.connections, _connection), class_name="connections"),
        rx.el.p(
            t("Connect an account with the same email to sign in with it as well."),
            class_name="field-hint",
        ),
        class_name="form",
    )


def _button(provider: rx.Var[Provider]) -> rx.Component:
    return _api_form(
        provider.id,
        rx.el.button(
            _mark(provider.id),
            rx.el.span(t("Continue with {provider}", provider=provider.name)),
            type="submit",
            class_name="button wide",
        ),
    )


def _connection(connection: rx.Var[Connection]) -> rx.Component:
    return rx.el.li(
        _mark(connection.provider_id),
        rx.el.div(
            rx.el.strong(connection.name),
            rx.el.span(
                rx.cond(connection.identity_id != "", connection.email, t("Not connected")),
                class_name="ellipsis",
            ),
            class_name="connection-text",
        ),
        rx.cond(connection.identity_id != "", _disconnect(connection), _connect(connection)),
        class_name="connection",
    )


def _connect(connection: rx.Var[Connection]) -> rx.Component:
    return _api_form(
        connection.provider_id,
        rx.el.input(type="hidden", name="connect", value="yes"),
        rx.el.button(
            t("Connect"),
            type="submit",
            aria_label=t("Connect {provider}", provider=connection.name),
            class_name="button",
        ),
    )


def _disconnect(connection: rx.Var[Connection]) -> rx.Component:
    return rx.cond(
        connection.may_be_disconnected,
        rx.el.button(
            t("Disconnect"),
            type="button",
            aria_label=t("Disconnect {provider}", provider=connection.name),
            on_click=Identities.disconnect(connection.identity_id),
            class_name="button",
        ),
        rx.el.span(t("Your way to sign in"), class_name="connection-note"),
    )


def _api_form(provider_id: rx.Var[str], *children: rx.Component) -> rx.Component:
    return rx.el.form(
        *children,
        form_says(),
        data_api=f"/api/auth/oidc/{provider_id}/start",
        method="dialog",  # nowhere, while no script is there yet to send it
        class_name="provider-form",
    )


def _mark(provider_id: rx.Var[str]) -> rx.Component:
    return rx.el.span(
        rx.match(
            provider_id,
            ("google", _drawing(GOOGLE)),
            ("github", _drawing(GITHUB)),
            rx.icon("key-round", size=18),
        ),
        aria_hidden="true",
        class_name="provider-mark",
    )


def _drawing(path: str) -> rx.Component:
    return rx.el.svg(
        rx.el.path(d=path),
        view_box="0 0 24 24",
        width="18",
        height="18",
        fill="currentColor",
    )
