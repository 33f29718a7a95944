"""Menus, and what becomes of the focus when an item leads on to a dialog or a field.

A menu that closes gives the focus back to its button, which would take it from what the item opens:
`assets/menus.js` keeps it from that, and gives it back once the dialog closes.
"""

from typing import Any

import reflex as rx

_CLOSED = rx.Var("(event) => window.chatbotMenus?.closed(event)")


def menu_content(*items: rx.Component, **props: Any) -> rx.Component:
    """What a menu's button opens."""
    return rx.dropdown_menu.content(
        *items, class_name="menu", custom_attrs={"onCloseAutoFocus": _CLOSED}, **props
    )


def leading_item(label: rx.Var[str] | str, **props: Any) -> rx.Component:
    """An item that opens what is to have the focus next."""
    return rx.dropdown_menu.item(label, data_takes_focus="", **props)
