"""Labelled fields, and the sentences that belong to a form."""

from collections.abc import Callable
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


def filled_in(element: Callable[..., rx.Component], **props: Any) -> rx.Component:
    """An element whose text a script in `assets` writes, also before React takes the page over: which
    else would find a text that it does not know, throw all of the page away and draw it anew.
    """
    return element("", custom_attrs={"suppressHydrationWarning": True}, **props)


def form_says() -> rx.Component:
    """What the API said to a form that a script sends: that it refuses, or that it is done."""
    return rx.fragment(
        filled_in(rx.el.p, role="alert", hidden=True, data_form_error="", class_name="form-error"),
        filled_in(rx.el.p, role="status", hidden=True, data_form_done="", class_name="saved-note"),
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
