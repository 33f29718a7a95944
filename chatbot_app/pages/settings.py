"""The person's own settings: profile, password, appearance."""

import reflex as rx

from chatbot_app.components.entrance import api_form
from chatbot_app.components.fields import form_error, saved_note, text_field
from chatbot_app.components.shell import page as framed
from chatbot_app.state.profile import Profile
from chatbot_app.state.rail import Rail
from chatbot_app.state.session import Session

OPTIONS = {"route": "/settings", "title": "Settings", "on_load": [Rail.load, Profile.load]}


def page() -> rx.Component:
    """Three short sections."""
    return framed(
        "Settings",
        _section(
            "Profile",
            rx.cond(Profile.is_loaded, _profile(), rx.el.div(class_name="skeleton field-skeleton")),
        ),
        _section("Password", _password()),
        _section("Appearance", _appearance()),
    )


def _section(title: str, content: rx.Component) -> rx.Component:
    return rx.el.section(rx.el.h2(title), content, class_name="settings-section")


def _profile() -> rx.Component:
    return rx.el.form(
        text_field("Name", "name", default_value=Session.name, auto_complete="name"),
        rx.el.p("Email: ", rx.el.span(Session.email), class_name="field-hint"),
        form_error(Profile.error),
        rx.el.div(
            rx.el.button("Save changes", type="submit", class_name="button primary"),
            saved_note(Profile.saved),
            class_name="form-actions",
        ),
        on_submit=Profile.rename,
        class_name="form",
    )


def _password() -> rx.Component:
    return api_form(
        "/api/auth/password",
        text_field(
            "Current password",
            "current_password",
            type="password",
            auto_complete="current-password",
        ),
        text_field(
            "New password",
            "new_password",
            type="password",
            auto_complete="new-password",
            hint="At least 15 characters. Other devices will be signed out.",
        ),
        submit="Change password",
    )


def _appearance() -> rx.Component:
    return rx.segmented_control.root(
        rx.segmented_control.item("System", value="system"),
        rx.segmented_control.item("Light", value="light"),
        rx.segmented_control.item("Dark", value="dark"),
        value=rx.color_mode,
        on_change=rx.style.set_color_mode,  # pyright: ignore[reportArgumentType]
        aria_label="Theme",
    )
