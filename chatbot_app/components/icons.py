"""Buttons that show a picture, with a name for those who don't see it and a hint for those who
wonder.
"""

from typing import Any

import reflex as rx


def icon_button(icon: str, label: str | rx.Var[str], **props: Any) -> rx.Component:
    """A small button with an icon; `label` is its accessible name and its tooltip."""
    classes = f"icon-button {props.pop('class_name', '')}".strip()
    return rx.el.button(
        rx.icon(icon, size=18, aria_hidden="true"),
        type=props.pop("type", "button"),
        aria_label=label,
        data_tip=label,
        class_name=classes,
        **props,
    )
