"""Choosing a model, for a chat or for a project. The list comes when somebody asks for it: it may
have hundreds of entries, and most pages are left without it.
"""

from typing import Any

import reflex as rx

from chatbot_app.components.fields import filled_in, text_field
from chatbot_app.components.words import t
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.model_choice import ModelChoice

CHOSEN_MODEL = rx.Var("window.chatbot.chosenModel()", _var_type=str)
"""What was chosen for a chat that the server does not store, or not yet."""


def model_button() -> rx.Component:
    """Says which model this chat is asked with, and opens the list of all.

    A chat that is still new keeps its choice in the page, where `assets/composer.js` puts it beside
    the name that the server knows.
    """
    return rx.el.button(
        rx.el.span(t("Model:"), " ", class_name="sr-only"),
        filled_in(rx.el.span, class_name="ellipsis", data_model_chosen=""),
        rx.el.span(Conversation.model_name, class_name="ellipsis", data_model_known=""),
        rx.icon("chevron-down", size=14, aria_hidden="true"),
        type="button",
        aria_haspopup="listbox",
        hidden=Conversation.model_name == "",
        custom_attrs={"popoverTarget": "model-picker"},
        data_model_button="",
        data_known=Conversation.model_name,
        data_default=Conversation.default_model,
        class_name="composer-model",
    )


def model_picker() -> rx.Component:
    """The list that the button opens, with a field to search it; `assets/models.js` fills it."""
    return rx.el.div(
        rx.el.input(
            type="text",
            role="combobox",
            aria_label=t("Search models"),
            aria_autocomplete="list",
            aria_expanded="true",
            aria_controls="model-list",
            placeholder=t("Search models"),
            auto_complete="off",
            spell_check=False,
            data_model_search="chat",
            class_name="model-search",
        ),
        _options("model-list"),
        rx.el.form(
            rx.el.input(type="hidden", name="model", data_model_choice=""),
            on_submit=ModelChoice.choose,
            data_model_form="",
            hidden=True,
        ),
        id="model-picker",
        role="group",
        aria_label=t("Models"),
        custom_attrs={"popover": "auto"},
        class_name="model-picker",
    )


def model_field(**props: Any) -> rx.Component:
    """A line for a model's name that suggests those which there are; any other may be typed."""
    return rx.el.div(
        text_field(
            t("Model"),
            "model",
            auto_complete="off",
            spell_check=False,
            hint=t("Empty: the server's default."),
            aria_autocomplete="list",
            aria_controls="model-suggestions",
            data_model_search="field",
            **props,
        ),
        rx.el.div(_options("model-suggestions"), class_name="model-suggestions", hidden=True),
        class_name="model-field",
    )


def _options(name: str) -> rx.Component:
    return rx.fragment(
        rx.el.ul(id=name, role="listbox", aria_label=t("Models"), class_name="model-list"),
        filled_in(rx.el.p, role="status", class_name="model-note", data_model_note=""),
    )
