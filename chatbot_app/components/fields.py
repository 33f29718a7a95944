"""Labelled fields, and the sentences that belong to a form."""

from typing import Any

import reflex as rx


def text_field(label: str, name: str, *, hint: str = "", **props: Any) -> rx.Component:
    """A line of text under its label."""
    return _field(label, name, hint, rx.el.input(**_attributes(name, hint), **props))


def text_area(label: str, name: str, *, hint: str = "", **props: Any) -> rx.Component:
    """Several lines of text under their label."""
    return _field(label, name, hint, rx.el.textarea(**_attributes(name, hint), **props))


def _attributes(name: str, hint: str) -> dict[str, Any]:
    described = {"aria_describedby": f"{name}-hint"} if hint else {}
    return {"id": name, "name": name, "class_name": "field-input", **described}


def _field(label: str, name: str, hint: str, control: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=name, class_name="field-label"),
        control,
        rx.el.p(hint, id=f"{name}-hint", class_name="field-hint") if hint else rx.fragment(),
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


def saved_note(count: rx.Var[int] | int, text: str = "Saved") -> rx.Component:
    """Says that something was saved; `count` rises with every save."""
    return rx.cond(
        count != 0,
        rx.el.span(
            rx.icon("check", size=16),
            text,
            role="status",
            class_name="saved-note",
            key=rx.Var.create(count).to_string(),
        ),
    )
