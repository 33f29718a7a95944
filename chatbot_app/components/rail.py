"""The left rail: project switcher, New chat, the chats by age, and the account menu."""

import reflex as rx

from chatbot_app.components.chat_menu import chat_dialogs, chat_items
from chatbot_app.components.icons import icon_button
from chatbot_app.components.links import link
from chatbot_app.components.menus import menu_content
from chatbot_app.components.palette import palette_button
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
                "panel-left-close",
                t("Close navigation"),
                class_name="collapse",
                data_toggle_rail="",
            ),
            class_name="rail-top",
        ),
        icon_button(
            "panel-left-open", t("Show navigation"), class_name="expand", data_toggle_rail=""
        ),
        rx.el.button(
            rx.icon("square-pen", size=18, aria_hidden="true"),
            rx.el.span(t("New chat")),
            type="button",
            data_new_chat="",
            on_click=rx.redirect(
                rx.cond(
                    Rail.listed_project_id != "",
                    "/projects/" + Rail.listed_project_id + "/chat",
                    rx.Var("window.chatbot.newChat()").to(str),
                )
            ),
            class_name="rail-item new-chat",
        ),
        palette_button(),
        rx.el.nav(
            rx.cond(
                Rail.is_loaded,
                rx.cond(
                    Rail.groups.length() > 0,
                    rx.foreach(Rail.groups, _group),
                    rx.el.p(t("Your chats will appear here."), class_name="rail-empty"),
                ),
                rx.fragment(*[rx.el.div(class_name="skeleton rail-skeleton") for _ in range(6)]),
            ),
            rx.cond(
                Rail.older_than != "",
                rx.el.button(
                    t("Show older chats"),
                    type="button",
                    on_click=Rail.load_older,
                    class_name="rail-item older-chats",
                ),
            ),
            aria_label=t("Chats"),
            class_name="rail-chats",
        ),
        _account_menu(),
        chat_dialogs(),
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
                aria_label=t("Switch project"),
                class_name="switcher",
            )
        ),
        menu_content(
            rx.foreach(
                Rail.projects,
                lambda project: rx.dropdown_menu.item(
                    rx.el.span(project.name, class_name="ellipsis"),
                    on_select=rx.redirect("/projects/" + project.id + "/chat"),
                    key=project.id,
                ),
            ),
            rx.dropdown_menu.separator(),
            rx.dropdown_menu.item(
                t("Project settings"),
                on_select=rx.redirect("/projects/" + Rail.listed_project_id),
            ),
            rx.dropdown_menu.item(t("All projects"), on_select=rx.redirect("/projects")),
            rx.dropdown_menu.item(t("Archived chats"), on_select=rx.redirect("/archived")),
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
        link(
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
                    aria_label=t("Chat actions"),
                    class_name="icon-button chat-actions",
                )
            ),
            menu_content(
                *chat_items(
                    chat.id, is_pinned=chat.is_pinned, on_rename=Rail.start_renaming(chat.id)
                )
            ),
        ),
    )


def _account_menu() -> rx.Component:
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.el.button(
                rx.el.span(Session.name[:1].upper(), class_name="avatar", aria_hidden="true"),
                rx.el.span(Session.name, class_name="ellipsis"),
                type="button",
                aria_label=t("Account menu"),
                class_name="rail-item account",
            )
        ),
        rx.dropdown_menu.content(
            rx.el.div(Session.email, class_name="menu-label ellipsis"),
            rx.dropdown_menu.item(t("Settings"), on_select=rx.redirect("/settings")),
            rx.cond(
                Session.is_admin,
                rx.dropdown_menu.item(t("Administration"), on_select=rx.redirect("/admin")),
            ),
            rx.dropdown_menu.item(
                t("Keyboard shortcuts"),
                on_select=rx.call_function(rx.Var("() => window.chatbot.showShortcuts()")),
                class_name="for-keyboards",
            ),
            rx.dropdown_menu.item(
                t("Sign out"), on_select=rx.call_function(rx.Var("() => window.chatbot.signOut()"))
            ),
            side="top",
            class_name="menu",
        ),
    )
