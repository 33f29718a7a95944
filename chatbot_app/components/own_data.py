"""Taking everything along, and leaving."""

import reflex as rx

from chatbot_app.components.entrance import api_form
from chatbot_app.components.two_factor import password_field
from chatbot_app.components.words import t


def own_data() -> rx.Component:
    """A file with all there is, and the way out."""
    return rx.fragment(
        rx.el.p(
            t(
                "Everything this site keeps of you, in one JSON file: your account, your projects,"
                " and every message of your chats. It can be imported again."
            ),
            class_name="settings-words",
        ),
        rx.el.a(
            rx.icon("download", size=16, aria_hidden="true"),
            t("Download my data"),
            href="/api/account/export",
            reload_document=True,  # it is no page that the router could show
            download="",
            class_name="button",
        ),
        rx.el.p(
            t("Deleting the account deletes all of that, at once and for good."),
            class_name="settings-words spaced",
        ),
        _delete_account(),
    )


def _delete_account() -> rx.Component:
    return rx.alert_dialog.root(
        rx.alert_dialog.trigger(
            rx.el.button(t("Delete account"), type="button", class_name="button danger-quiet")
        ),
        rx.alert_dialog.content(
            rx.alert_dialog.title(t("Delete your account?")),
            rx.alert_dialog.description(
                t(
                    "Your account, your projects and all your chats will be gone for good. Nobody can"
                    " bring them back."
                ),
                class_name="dialog-hint",
            ),
            api_form(
                "/api/account/delete",
                password_field(),
                submit=t("Delete account"),
                is_danger=True,
                cancel=rx.alert_dialog.cancel(
                    rx.el.button(t("Cancel"), type="button", class_name="button")
                ),
            ),
            max_width="28rem",
        ),
    )
