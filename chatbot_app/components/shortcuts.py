"""The sheet of keyboard shortcuts. The browser's own dialog: it needs nothing of the server.

`assets/app.js` opens it when somebody types "?", and writes the name of the key that this machine
calls Ctrl.
"""

import reflex as rx

from chatbot_app.components.icons import icon_button
from chatbot_app.components.words import t


def shortcuts() -> rx.Component:
    """What the keys do, by what one is at."""
    return rx.el.dialog(
        rx.el.div(
            rx.el.h2(t("Keyboard shortcuts"), id="shortcuts-title"),
            icon_button("x", t("Close"), data_close_sheet="", auto_focus=True),
            class_name="sheet-head",
        ),
        _group(
            t("Everywhere"),
            (t("Search and commands"), ("Mod", "K")),
            (t("New chat"), ("Mod", "Shift", "O")),
            (t("This list"), ("?",)),
        ),
        _group(
            t("Writing a message"),
            (t("Send"), ("Enter",)),
            (t("New line"), ("Shift", "Enter")),
            (t("Bring back your last message"), ("↑",)),
        ),
        _group(t("While an answer is written"), (t("Stop it"), ("Esc",))),
        aria_labelledby="shortcuts-title",
        data_sheet="shortcuts",
        class_name="sheet",
    )


def _group(name: rx.Var[str], *lines: tuple[rx.Var[str], tuple[str, ...]]) -> rx.Component:
    return rx.el.section(
        rx.el.h3(name),
        rx.el.dl(*[_line(*line) for line in lines]),
    )


def _line(what: rx.Var[str], keys: tuple[str, ...]) -> rx.Component:
    return rx.el.div(rx.el.dt(what), rx.el.dd(*[_key(key) for key in keys]))


def _key(key: str) -> rx.Component:
    return rx.el.kbd("Ctrl", data_mod="") if key == "Mod" else rx.el.kbd(key)
