"""Where one chooses the language of the pages."""

import reflex as rx

from chatbot_app.components.words import t
from chatbot_app.words import LANGUAGES


def language_choice(class_name: str) -> rx.Component:
    """Each language under its own name, and the one that the browser asks for.

    `assets/words.js` shows which it is, keeps what is chosen, and loads the page anew.
    """
    return rx.el.select(
        rx.el.option(t("System language"), value=""),
        *[
            rx.el.option(name, value=language, lang=language)
            for language, name in LANGUAGES.items()
        ],
        aria_label=t("Language"),
        data_language="",
        class_name=class_name,
    )
