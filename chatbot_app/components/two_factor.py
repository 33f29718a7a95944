"""Two-factor authentication in the settings. Each dialog goes on step by step as the API answers
(`assets/app.js`), for what it shows is to be seen once and in no state.
"""

from typing import Any

import reflex as rx

from chatbot_app.components.entrance import api_form
from chatbot_app.components.fields import text_field
from chatbot_app.components.words import t
from chatbot_app.state.security import Security

API = "/api/auth/two-factor"


def two_factor() -> rx.Component:
    """Whether it is on, and what can be done about it.

    The dialogs stay in the page when that changes: one of them may just be showing recovery codes.
    """
    is_on = Security.protection.is_two_factor_on
    return rx.fragment(
        rx.cond(is_on, _when_on(), _when_off()),
        rx.el.div(
            _dialog(
                rx.cond(is_on, rx.fragment(), _opener(t("Set up two-factor"), "button primary")),
                _set_up(),
            ),
            _dialog(rx.cond(is_on, _opener(t("New recovery codes"), "button")), _new_codes()),
            _turn_off(is_on),
            class_name="form-actions",
        ),
    )


def password_field() -> rx.Component:
    """The password once more, of those who have one."""
    return rx.cond(
        Security.protection.has_password,
        text_field(
            t("Password"),
            "password",
            type="password",
            auto_complete="current-password",
            auto_focus=True,
        ),
        rx.el.p(
            t("This account has no password: this works within ten minutes of signing in."),
            class_name="field-hint",
        ),
    )


def _when_off() -> rx.Component:
    return rx.el.p(
        t(
            "Off. When it is on, signing in takes a code from an app on your phone as well, so that a"
            " stolen password is not enough."
        ),
        class_name="settings-words",
    )


def _when_on() -> rx.Component:
    left = Security.protection.recovery_codes
    return rx.el.p(
        rx.el.strong(t("On.")),
        " ",
        t("Signing in takes a code from your authenticator app."),
        " ",
        rx.cond(
            left == 1,
            t("You have 1 recovery code left."),
            t("You have {number} recovery codes left.", number=left),
        ),
        class_name="settings-words",
    )


def _opener(name: rx.Var[str] | str, class_name: str) -> rx.Component:
    return rx.dialog.trigger(rx.el.button(name, type="button", class_name=class_name))


def _dialog(opener: rx.Component, content: rx.Component) -> rx.Component:
    """A dialog behind its button; once it is closed, the page shows what was done in it."""
    return rx.dialog.root(
        opener,
        rx.dialog.content(
            content,
            max_width="28rem",
            # A click beside it must not take away codes that are shown only once.
            on_pointer_down_outside=rx.prevent_default,
        ),
        on_open_change=lambda _is_open: Security.load(),
    )


def _set_up() -> rx.Component:
    return rx.el.div(
        rx.dialog.title(t("Set up two-factor authentication")),
        rx.el.div(
            rx.dialog.description(
                t("You need an authenticator app, such as the one of your password manager."),
                class_name="dialog-hint",
            ),
            api_form(f"{API}/begin", password_field(), submit=t("Continue"), cancel=_cancel()),
            data_step="password",
        ),
        rx.el.div(_scan(), data_step="scan", hidden=True),
        _codes(),
        data_steps="",
    )


def _scan() -> rx.Component:
    return rx.fragment(
        rx.el.p(t("Scan this with your authenticator app."), class_name="dialog-hint"),
        rx.el.img(alt=t("QR code for your authenticator app"), data_show="qr", class_name="qr"),
        rx.el.p(t("Or type this into it:"), class_name="dialog-hint"),
        rx.el.code(aria_label=t("Secret"), role="note", data_show="secret", class_name="secret"),
        api_form(
            f"{API}/confirm",
            text_field(
                t("Code"),
                "code",
                hint=t("The six digits that the app shows now."),
                auto_complete="one-time-code",
                input_mode="numeric",
            ),
            submit=t("Turn on"),
            cancel=_cancel(),
        ),
    )


def _new_codes() -> rx.Component:
    return rx.el.div(
        rx.dialog.title(t("New recovery codes")),
        rx.el.div(
            rx.dialog.description(
                t("Those that you have now will not work any more."), class_name="dialog-hint"
            ),
            api_form(
                f"{API}/recovery-codes",
                password_field(),
                submit=t("Make new codes"),
                cancel=_cancel(),
            ),
            data_step="password",
        ),
        _codes(),
        data_steps="",
    )


def _codes() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            t(
                "Two-factor authentication is on. Each of these recovery codes signs you in once when"
                " your phone is not at hand. They are shown only now: keep them somewhere safe, and not"
                " on that phone alone."
            ),
            class_name="dialog-hint",
        ),
        rx.el.pre(
            aria_label=t("Recovery codes"),
            role="note",
            data_show="codes",
            class_name="recovery-codes",
        ),
        rx.el.div(
            rx.el.button(
                t("Copy codes"), type="button", data_copy_shown="codes", class_name="button"
            ),
            rx.dialog.close(rx.el.button(t("Done"), type="button", class_name="button primary")),
            class_name="dialog-actions",
        ),
        data_step="codes",
        hidden=True,
    )


def _turn_off(is_offered: Any) -> rx.Component:
    return rx.alert_dialog.root(
        rx.cond(
            is_offered,
            rx.alert_dialog.trigger(
                rx.el.button(t("Turn off"), type="button", class_name="button danger-quiet")
            ),
        ),
        rx.alert_dialog.content(
            rx.alert_dialog.title(t("Turn off two-factor authentication?")),
            rx.alert_dialog.description(
                t("The password alone will then open this account."), class_name="dialog-hint"
            ),
            api_form(
                f"{API}/off",
                password_field(),
                submit=t("Turn off"),
                is_danger=True,
                cancel=rx.alert_dialog.cancel(
                    rx.el.button(t("Cancel"), type="button", class_name="button")
                ),
            ),
            max_width="28rem",
        ),
    )


def _cancel() -> rx.Component:
    return rx.dialog.close(rx.el.button(t("Cancel"), type="button", class_name="button"))
