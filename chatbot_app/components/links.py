"""Links between the pages, in the colours that `assets/styles.css` gives them."""

from typing import Any

import reflex as rx


def link(*words: rx.Component | rx.Var[str] | str, **props: Any) -> rx.Component:
    """Lead to another page. Without Reflex's colour for a hovered link, which is too faint to read."""
    return rx.link(*words, _hover={}, **props)
