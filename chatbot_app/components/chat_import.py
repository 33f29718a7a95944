"""Bringing chats in from a file."""

import reflex as rx

from chatbot_app.components.fields import form_says
from chatbot_app.components.words import t


def chat_import() -> rx.Component:
    """A file to choose, how far its upload is, and what came of it; `assets/imports.js` sends it.

    It goes to the API as it is: an event could not carry it.
    """
    return rx.fragment(
        rx.el.p(
            t(
                "A file from ChatGPT (the archive that it mails, or the conversations.json in it),"
                " from Open WebUI, or one that you downloaded here; 100 MB at most."
            ),
            class_name="settings-words",
        ),
        rx.el.form(
            rx.el.div(
                rx.el.label(t("Chat file"), html_for="import-file", class_name="field-label"),
                rx.el.input(
                    id="import-file",
                    name="file",
                    type="file",
                    accept=".json,.zip,application/json,application/zip",
                    class_name="field-input file-input",
                ),
                class_name="field",
            ),
            rx.el.progress(
                max="1", value="0", hidden=True, aria_label=t("Upload"), class_name="upload-bar"
            ),
            form_says(),
            rx.el.div(
                rx.el.button(t("Import"), type="submit", class_name="button primary"),
                rx.el.a(
                    t("Open the imported chats"),
                    href="/projects",
                    reload_document=True,  # the script says where they are
                    hidden=True,
                    data_import_open="",
                    class_name="button",
                ),
                class_name="form-actions",
            ),
            data_import="/api/imports",
            no_validate=True,
            class_name="form",
        ),
    )
