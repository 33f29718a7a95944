"""Labelled fields, and the sentences that belong to a form."""

from typing import Any

import reflex as rx

from chatbot_app.components.words import t


def text_field(
    label: rx.Var[str] | str, name: str, *, hint: rx.Var[str] | str | None = None, **props: Any
) -> rx.Component:
    """A line of text under its label."""
    return _field(label, name, hint, rx.el.input(**_attributes(name, hint), **props))


def text_area(
    label: rx.Var[str] | str, name: str, *, hint: rx.Var[str] | str | None = None, **props: Any
) -> rx.Component:
    """Several lines of text under their label."""
    return _field(label, name, hint, rx.el.textarea(**_attributes(name, hint), **props))


def _attributes(name: str, hint: rx.Var[str] | str | None) -> dict[str, Any]:
    described = {"aria_describedby": f"{name}-hint"} if hint is not None else {}
    return {"id": name, "name": name, "class_name": "field-input", **described}


def _field(
    label: rx.Var[str] | str, name: str, hint: rx.Var[str] | str | None, control: rx.Component
) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=name, class_name="field-label"),
        control,
        rx.el.p(hint, id=f"{name}-hint", class_name="field-hint")
        if hint is not None
        else rx.fragment(),
        class_name="field",
    )


def form_error(message: rx.Var[str] | str) -> rx.Component:
    """What is wrong with the form; read out when it appears."""
    return rx.cond(
        message != "",
        rx.el.p(
            rx.icon("circle-alert", size=16, aria_hidden="true"),
            message,
            role="alert",
            class_name="form-error",
        ),
    )


def saved_note(count: rx.Var[int] | int, text: rx.Var[str] | str | None = None) -> rx.Component:
    """Says that something was saved; `count` rises with every save."""
    return rx.cond(
        count != 0,
        rx.el.span(
            rx.icon("check", size=16),
            t("Saved") if text is None else text,
            role="status",
            class_name="saved-note",
            key=rx.Var.create(count).to_string(),
        ),
    )
