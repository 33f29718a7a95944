"""For administrators: who has an account, and what can be done about it."""

import reflex as rx

from chatbot_app.components.administration import administration, cell, show_more, table
from chatbot_app.components.fields import form_error, text_field
from chatbot_app.components.menus import leading_item, menu_content
from chatbot_app.components.words import around, t
from chatbot_app.schemas import UserRow
from chatbot_app.state.administration import Users
from chatbot_app.state.rail import Rail

OPTIONS = {"route": "/admin", "title": t("Users"), "on_load": [Rail.load, Users.load]}


def page() -> rx.Component:
    """A list by email, and a field to search it."""
    heads = (t("Name"), t("Status"), t("Chats"), t("Joined"), t("Last seen"), None)
    return administration(
        "users",
        Users.is_loaded,
        _search(),
        form_error(Users.error),
        rx.cond(
            Users.users.length() > 0,
            table(t("Users"), heads, rx.foreach(Users.users, _user)),
            rx.el.div(rx.el.p(t("Nobody has that in name or email.")), class_name="empty"),
        ),
        rx.cond(Users.after != "", show_more(Users.show_more)),
        _delete_dialog(),
    )


def _search() -> rx.Component:
    return rx.el.form(
        rx.el.input(
            type="search",
            name="search",
            aria_label=t("Search users"),
            placeholder=t("Search by name or email"),
            default_value=Users.search,
            auto_complete="off",
            class_name="field-input",
        ),
        rx.el.button(t("Find"), type="submit", class_name="button"),
        on_submit=Users.find,
        role="search",
        class_name="search-form",
    )


def _user(user: rx.Var[UserRow]) -> rx.Component:
    return rx.el.tr(
        cell(
            t("Name"),
            rx.el.div(
                rx.el.span(
                    user.name,
                    rx.cond(
                        user.role == "admin", rx.el.span(t("Administrator"), class_name="badge")
                    ),
                    rx.cond(user.id == Users.own_id, rx.el.span(t("You"), class_name="badge")),
                    class_name="device-name",
                ),
                rx.el.span(user.email, class_name="field-hint"),
                class_name="device-words",
            ),
        ),
        cell(t("Status"), _status(user)),
        cell(t("Chats"), user.chats.to_string()),
        cell(t("Joined"), user.created_at),
        cell(t("Last seen"), rx.cond(user.last_seen_at != "", user.last_seen_at, t("Not lately"))),
        cell("", rx.cond(user.id != Users.own_id, _actions(user)), "actions"),
        key=user.id,
    )


def _status(user: rx.Var[UserRow]) -> rx.Component:
    return rx.el.div(
        rx.cond(
            user.is_disabled,
            rx.el.span(t("Disabled"), class_name="badge bad"),
            rx.el.span(t("Active"), class_name="badge"),
        ),
        rx.cond(user.has_two_factor, rx.el.span(t("Two-factor"), class_name="badge")),
        rx.cond(user.is_verified, rx.el.span(t("Email confirmed"), class_name="badge calm")),
        class_name="badges",
    )


def _actions(user: rx.Var[UserRow]) -> rx.Component:
    """What can be done; one's own account is looked after in the settings."""
    item = rx.dropdown_menu.item
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.el.button(
                rx.icon("ellipsis", size=16, aria_hidden="true"),
                type="button",
                aria_label=t("Actions for {email}", email=user.email),
                class_name="icon-button",
            )
        ),
        menu_content(
            rx.cond(
                user.role == "admin",
                item(t("Make user"), on_select=Users.set_role(user.id, "user")),
                item(t("Make administrator"), on_select=Users.set_role(user.id, "admin")),
            ),
            rx.cond(
                user.has_two_factor,
                item(t("Reset two-factor"), on_select=Users.reset_two_factor(user.id)),
            ),
            item(t("Sign out everywhere"), on_select=Users.sign_out(user.id)),
            rx.dropdown_menu.separator(),
            rx.cond(
                user.is_disabled,
                item(t("Enable"), on_select=Users.enable(user.id)),
                item(t("Disable"), on_select=Users.disable(user.id)),
            ),
            leading_item(t("Delete"), color_scheme="red", on_select=Users.ask_to_delete(user.id)),
        ),
    )


def _delete_dialog() -> rx.Component:
    return rx.alert_dialog.root(
        rx.alert_dialog.content(
            rx.alert_dialog.title(t("Delete this account?")),
            rx.alert_dialog.description(
                around(
                    "Their projects and all their chats go with it, for good. Type {email} to go on.",
                    email=rx.el.strong(Users.deleting_email),
                ),
                class_name="dialog-hint",
            ),
            rx.el.form(
                text_field(t("Email"), "email", auto_focus=True, auto_complete="off"),
                form_error(Users.delete_error),
                rx.el.div(
                    rx.alert_dialog.cancel(
                        rx.el.button(
                            t("Cancel"), type="button", class_name="button", on_click=Users.keep
                        )
                    ),
                    rx.el.button(t("Delete"), type="submit", class_name="button danger"),
                    class_name="dialog-actions",
                ),
                on_submit=Users.delete,
                class_name="form",
            ),
            max_width="28rem",
            on_escape_key_down=Users.keep,
        ),
        open=Users.deleting_id != "",
    )
