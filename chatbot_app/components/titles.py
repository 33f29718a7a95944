"""A chat's title while it is being changed, in the rail and in the bar."""

from typing import Any

import reflex as rx

from chatbot_app.components.words import t


def title_form(
    title: rx.Var[str] | str, *, on_submit: Any, on_cancel: Any, class_name: str
) -> rx.Component:
    """The title in a field: Enter takes it, Esc and leaving the field leave it as it was.

    `assets/app.js` presses the button that nobody sees.
    """
    return rx.el.form(
        rx.el.input(
            name="title",
            default_value=title,
            aria_label=t("Chat title"),
            auto_focus=True,
            auto_complete="off",
            data_rename="",
            class_name=class_name,
        ),
        rx.el.button(
            t("Cancel"),
            type="button",
            tab_index=-1,
            data_cancel="",
            on_click=on_cancel,
            class_name="sr-only",
        ),
        on_submit=on_submit,
        class_name="title-form",
    )
