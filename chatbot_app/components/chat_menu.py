"""What one can do to a chat: the items of its menus, the menu in the chat's bar, and the dialogs that
they open.

A new item belongs into `chat_items` if it is good for a chat that is not open, else into `chat_menu`.
"""

from typing import Any

import reflex as rx

from chatbot_app.components.export_items import export_items
from chatbot_app.components.icons import icon_button
from chatbot_app.components.menus import leading_item, menu_content
from chatbot_app.components.words import t
from chatbot_app.schemas import ProjectCard
from chatbot_app.state.chat_actions import ChatActions
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.rail import Rail
from chatbot_app.state.sharing import Sharing


def chat_items(
    chat_id: rx.Var[str] | str,
    *,
    is_pinned: rx.Var[bool] | bool,
    is_archived: rx.Var[bool] | bool = False,
    on_rename: Any,
) -> list[rx.Component]:
    """The items of a chat's menu, wherever it is; what can't be taken back comes last."""
    item = rx.dropdown_menu.item
    return [
        leading_item(t("Rename"), on_select=on_rename),
        rx.cond(
            is_pinned,
            item(t("Unpin"), on_select=ChatActions.unpin(chat_id)),
            item(t("Pin"), on_select=ChatActions.pin(chat_id)),
        ),
        leading_item(t("Move to project"), on_select=ChatActions.ask_to_move(chat_id)),
        *export_items(chat_id),
        rx.cond(
            is_archived,
            item(t("Unarchive"), on_select=ChatActions.unarchive(chat_id)),
            item(t("Archive"), on_select=ChatActions.archive(chat_id)),
        ),
        rx.dropdown_menu.separator(),
        leading_item(t("Delete"), color_scheme="red", on_select=ChatActions.ask_to_delete(chat_id)),
    ]


def chat_menu() -> rx.Component:
    """The menu of the open chat; a new one has none before its first message."""
    *items, line, delete = chat_items(
        Conversation.open_chat_id,
        is_pinned=Conversation.is_pinned,
        is_archived=Conversation.is_archived,
        on_rename=Conversation.start_renaming,
    )
    return rx.cond(
        (Conversation.open_chat_id != "") & (Conversation.is_missing == False),  # noqa: E712 (a var)
        rx.dropdown_menu.root(
            rx.dropdown_menu.trigger(
                icon_button("ellipsis", t("Chat menu"), class_name="chat-menu"),
            ),
            menu_content(
                *items,
                leading_item(t("Share"), on_select=Sharing.show_dialog(True)),
                line,
                delete,
                align="end",
            ),
        ),
    )


def archived_bar() -> rx.Component:
    """Says that the open chat was put away."""
    return rx.cond(
        Conversation.is_archived,
        rx.el.div(
            rx.el.p(t("This chat is archived.")),
            rx.el.button(
                t("Unarchive"),
                type="button",
                on_click=ChatActions.unarchive(Conversation.open_chat_id),
                class_name="link-button",
            ),
            class_name="archived-bar",
        ),
    )


def chat_dialogs() -> rx.Component:
    """What the items ask before they do it; once in each page."""
    return rx.fragment(_delete_dialog(), _move_dialog())


def _delete_dialog() -> rx.Component:
    return rx.alert_dialog.root(
        rx.alert_dialog.content(
            rx.alert_dialog.title(t("Delete this chat?")),
            rx.alert_dialog.description(
                t(
                    "\u201c{title}\u201d and everything in it will be deleted.",
                    title=ChatActions.deleting_title,
                ),
                class_name="dialog-hint",
            ),
            rx.el.div(
                rx.alert_dialog.cancel(
                    rx.el.button(
                        t("Cancel"),
                        type="button",
                        class_name="button",
                        on_click=ChatActions.keep,
                    )
                ),
                rx.alert_dialog.action(
                    rx.el.button(
                        t("Delete"),
                        type="button",
                        class_name="button danger",
                        on_click=ChatActions.delete,
                    )
                ),
                class_name="dialog-actions",
            ),
            max_width="26rem",
            on_escape_key_down=ChatActions.keep,
        ),
        open=ChatActions.deleting_id != "",
    )


def _move_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(t("Move to project")),
            rx.dialog.description(
                t(
                    "Where should \u201c{title}\u201d go? The instructions there count from the next"
                    " message on.",
                    title=ChatActions.moving_title,
                ),
                class_name="dialog-hint",
            ),
            rx.cond(
                Rail.projects.length() > 1,
                rx.el.ul(rx.foreach(Rail.projects, _destination), class_name="destinations"),
                rx.el.p(t("There is no other project yet."), class_name="dialog-hint"),
            ),
            rx.el.div(
                rx.dialog.close(rx.el.button(t("Cancel"), type="button", class_name="button")),
                class_name="dialog-actions",
            ),
            max_width="26rem",
        ),
        open=ChatActions.moving_id != "",
        on_open_change=ChatActions.stay,
    )


def _destination(project: rx.Var[ProjectCard]) -> rx.Component:
    return rx.cond(
        project.id != ChatActions.moving_from,
        rx.el.li(
            rx.el.button(
                rx.icon("sparkles", size=16, aria_hidden="true"),
                rx.el.span(project.name, class_name="ellipsis"),
                type="button",
                on_click=ChatActions.move(project.id),
                class_name="destination",
            ),
            key=project.id,
        ),
    )
