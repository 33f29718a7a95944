"""Text for people, in their language, as pages show it: `t` marks each sentence."""

import re

import reflex as rx

_VALUE = re.compile(r"\{(\w+)\}")


def t(sentence: str, **values: rx.Var[str] | str) -> rx.Var[str]:
    """Say a sentence in the reader's language; `{name}` in it stands for a value."""
    said: rx.Var[str] = rx.Var.create("")
    for number, part in enumerate(_VALUE.split(sentence)):
        said = said + (values[part] if number % 2 else part)  # pyright: ignore
    return said if values else rx.Var.create(sentence)
