"""The left rail: project switcher, New chat, the chats by age, and the account menu."""

import reflex as rx

from chatbot_app.components.icons import icon_button
from chatbot_app.components.titles import title_form
from chatbot_app.components.words import t
from chatbot_app.schemas import ChatItem
from chatbot_app.state.rail import ChatGroup, Rail
from chatbot_app.state.session import Session


def rail() -> rx.Component:
    """The rail; a strip of icons when collapsed, a drawer on a phone."""
    return rx.el.aside(
        rx.el.div(
            _project_switcher(),
            icon_button(
                "panel-left-close", "Close navigation", class_name="collapse", data_toggle_rail=""
            ),
            class_name="rail-top",
        ),
        icon_button("panel-left-open", "Show navigation", class_name="expand", data_toggle_rail=""),
        rx.el.button(
            rx.icon("square-pen", size=18, aria_hidden="true"),
            rx.el.span("New chat"),
            type="button",
            data_new_chat="",
            on_click=rx.redirect("/projects/" + Rail.listed_project_id + "/chat"),
            class_name="rail-item new-chat",
        ),
        rx.el.nav(
            rx.cond(
                Rail.is_loaded,
                rx.cond(
                    Rail.groups.length() > 0,
                    rx.foreach(Rail.groups, _group),
                    rx.el.p("Your chats will appear here.", class_name="rail-empty"),
                ),
                rx.fragment(*[rx.el.div(class_name="skeleton rail-skeleton") for _ in range(6)]),
            ),
            rx.cond(
                Rail.older_than != "",
                rx.el.button(
                    "Show older chats",
                    type="button",
                    on_click=Rail.load_older,
                    class_name="rail-item older-chats",
                ),
            ),
            aria_label="Chats",
            class_name="rail-chats",
        ),
        _account_menu(),
        _delete_dialog(),
        class_name="rail",
        id="rail",
    )


def _project_switcher() -> rx.Component:
    current = rx.foreach(
        Rail.projects,
        lambda project: rx.cond(
            project.id == Rail.listed_project_id, rx.el.span(project.name, class_name="ellipsis")
        ),
    )
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.el.button(
                rx.icon("sparkles", size=16, aria_hidden="true"),
                current,
                rx.icon("chevrons-up-down", size=14, aria_hidden="true"),
                type="button",
                aria_label="Switch project",
                class_name="switcher",
            )
        ),
        rx.dropdown_menu.content(
            rx.foreach(
                Rail.projects,
                lambda project: rx.dropdown_menu.item(
                    rx.el.span(project.name, class_name="ellipsis"),
                    on_select=rx.redirect("/projects/" + project.id + "/chat"),
                ),
            ),
            rx.dropdown_menu.separator(),
            rx.dropdown_menu.item(
                "Project settings",
                on_select=rx.redirect("/projects/" + Rail.listed_project_id),
            ),
            rx.dropdown_menu.item("All projects", on_select=rx.redirect("/projects")),
            class_name="menu",
        ),
    )


def _group(group: rx.Var[ChatGroup]) -> rx.Component:
    return rx.el.section(
        rx.el.h2(group.label, class_name="rail-heading"),
        rx.el.ul(rx.foreach(group.chats, _chat), class_name="rail-list"),
        key=group.label,
    )


def _chat(chat: rx.Var[ChatItem]) -> rx.Component:
    return rx.el.li(
        rx.cond(
            Rail.renaming_id == chat.id,
            title_form(
                chat.title,
                on_submit=Rail.rename,
                on_cancel=Rail.cancel_renaming,
                class_name="rail-title-input",
            ),
            _chat_line(chat),
        ),
        class_name="rail-line",
        key=chat.id,
    )


def _chat_line(chat: rx.Var[ChatItem]) -> rx.Component:
    return rx.fragment(
        rx.link(
            chat.title,
            href="/projects/" + chat.project_id + "/chat/" + chat.id,
            title=chat.title,
            underline="none",
            aria_current=rx.cond(rx.State.chat_id == chat.id, "page", "false"),
            class_name="rail-item ellipsis",
        ),
        rx.dropdown_menu.root(
            rx.dropdown_menu.trigger(
                rx.el.button(
                    rx.icon("ellipsis", size=16, aria_hidden="true"),
                    type="button",
                    aria_label="Chat actions",
                    class_name="icon-button chat-actions",
                )
            ),
            rx.dropdown_menu.content(
                rx.dropdown_menu.item("Rename", on_select=Rail.start_renaming(chat.id)),
                rx.dropdown_menu.item("Delete", color="red", on_select=Rail.ask_to_delete(chat.id)),
                class_name="menu",
            ),
        ),
    )


def _delete_dialog() -> rx.Component:
    return rx.alert_dialog.root(
        rx.alert_dialog.content(
            rx.alert_dialog.title("Delete this chat?"),
            rx.alert_dialog.description(
                "“" + Rail.deleting_title + "” and everything in it will be gone for good."
            ),
            rx.el.div(
                rx.alert_dialog.cancel(
                    rx.el.button("Cancel", type="button", class_name="button", on_click=Rail.keep)
                ),
                rx.alert_dialog.action(
                    rx.el.button(
                        "Delete", type="button", class_name="button danger", on_click=Rail.delete
                    )
                ),
                class_name="dialog-actions",
            ),
            max_width="26rem",
            on_escape_key_down=Rail.keep,
        ),
        open=Rail.deleting_id != "",
    )


def _account_menu() -> rx.Component:
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.el.button(
                rx.el.span(Session.name[:1].upper(), class_name="avatar", aria_hidden="true"),
                rx.el.span(Session.name, class_name="ellipsis"),
                type="button",
                aria_label="Account menu",
                class_name="rail-item account",
            )
        ),
        rx.dropdown_menu.content(
            rx.el.div(Session.email, class_name="menu-label ellipsis"),
            rx.dropdown_menu.item("Settings", on_select=rx.redirect("/settings")),
            rx.cond(
                Session.is_admin,
                rx.dropdown_menu.item("Administration", on_select=rx.redirect("/admin")),
            ),
            rx.dropdown_menu.item(
                t("Keyboard shortcuts"),
                on_select=rx.call_function(rx.Var("() => window.chatbot.showShortcuts()")),
                class_name="for-keyboards",
            ),
            rx.dropdown_menu.item(
                "Sign out", on_select=rx.call_function(rx.Var("() => window.chatbot.signOut()"))
            ),
            side="top",
            class_name="menu",
        ),
    )
