"""The person's own settings: profile, appearance, what protects the account, and its data."""

import reflex as rx

from chatbot_app.components.chat_import import chat_import
from chatbot_app.components.devices import devices
from chatbot_app.components.entrance import api_form
from chatbot_app.components.fields import form_error, saved_note, text_field
from chatbot_app.components.identities import connections
from chatbot_app.components.language import language_choice
from chatbot_app.components.own_data import own_data
from chatbot_app.components.sharing import shared_links
from chatbot_app.components.shell import page as framed
from chatbot_app.components.two_factor import two_factor
from chatbot_app.components.words import around, t
from chatbot_app.state.identities import Identities
from chatbot_app.state.profile import Profile
from chatbot_app.state.rail import Rail
from chatbot_app.state.security import Security
from chatbot_app.state.session import Session
from chatbot_app.state.sharing import Sharing

OPTIONS = {
    "route": "/settings",
    "title": t("Settings"),
    "on_load": [Rail.load, Profile.load, Security.load, Identities.load, Sharing.load],
}


def page() -> rx.Component:
    """One section below the other."""
    return framed(
        t("Settings"),
        _section(t("Profile"), _once(Profile.is_loaded, _profile())),
        _section(t("Appearance"), _appearance()),
        _section(t("Language"), language_choice("field-input language-field")),
        _section(t("Password"), _once(Security.is_loaded, _password())),
        _section(t("Two-factor authentication"), _once(Security.is_loaded, two_factor())),
        _section(t("Devices"), _once(Security.is_loaded, devices())),
        rx.cond(
            Identities.connections.length() > 0,
            _section(t("Connected accounts"), connections()),
        ),
        _section(t("Import chats"), chat_import()),
        _section(t("Shared links"), _once(Sharing.is_loaded, shared_links())),
        _section(t("Your data"), own_data()),
    )


def _once(is_loaded: rx.Var[bool] | bool, content: rx.Component) -> rx.Component:
    return rx.cond(is_loaded, content, rx.el.div(class_name="skeleton field-skeleton"))


def _section(title: rx.Var[str] | str, content: rx.Component) -> rx.Component:
    return rx.el.section(rx.el.h2(title), content, class_name="settings-section")


def _profile() -> rx.Component:
    return rx.el.form(
        text_field(t("Name"), "name", default_value=Session.name, auto_complete="name"),
        rx.el.p(around("Email: {email}", email=rx.el.span(Session.email)), class_name="field-hint"),
        form_error(Profile.error),
        rx.el.div(
            rx.el.button(t("Save changes"), type="submit", class_name="button primary"),
            saved_note(Profile.saved),
            class_name="form-actions",
        ),
        on_submit=Profile.rename,
        data_keeps="",
        class_name="form",
    )


def _password() -> rx.Component:
    return rx.cond(Security.protection.has_password, _password_form(), _no_password())


def _no_password() -> rx.Component:
    return rx.el.p(
        t("This account has no password: you sign in elsewhere."),
        " ",
        rx.cond(
            Security.has_mail,
            t("To get one, sign out and ask for a reset link on the sign-in page."),
            t("Whoever runs this site can give it one with a command."),
        ),
        class_name="settings-words",
    )


def _password_form() -> rx.Component:
    return api_form(
        "/api/auth/password",
        text_field(
            t("Current password"),
            "current_password",
            type="password",
            auto_complete="current-password",
        ),
        text_field(
            t("New password"),
            "new_password",
            type="password",
            auto_complete="new-password",
            hint=t("At least 15 characters. Other devices will be signed out."),
        ),
        submit=t("Change password"),
    )


def _appearance() -> rx.Component:
    return rx.segmented_control.root(
        rx.segmented_control.item(t("System"), value="system"),
        rx.segmented_control.item(t("Light"), value="light"),
        rx.segmented_control.item(t("Dark"), value="dark"),
        value=rx.color_mode,
        on_change=rx.style.set_color_mode,  # pyright: ignore[reportArgumentType]
        aria_label=t("Theme"),
    )
