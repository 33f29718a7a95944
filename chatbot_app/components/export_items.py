"""What a chat's menu offers to take it along."""

import reflex as rx

from chatbot_app.components.words import t


def export_items(chat_id: rx.Var[str] | str) -> list[rx.Component]:
    """The items that download a chat, to read or with all there is; they are links, so that the
    browser does it by itself.
    """
    return [
        _item(t("Export as Markdown"), chat_id, "markdown"),
        _item(t("Export as JSON"), chat_id, "json"),
    ]


def _item(label: rx.Var[str], chat_id: rx.Var[str] | str, file_format: str) -> rx.Component:
    address = "/api/chats/" + rx.Var.create(chat_id).to(str) + f"/export?format={file_format}"
    return rx.dropdown_menu.item(
        rx.el.a(
            label,
            href=address,
            reload_document=True,  # it is no page that the router could show
            download="",
        ),
        as_child=True,
    )
