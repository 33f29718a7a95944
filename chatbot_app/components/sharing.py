"""Links to one's chats: the dialog of the open chat, and the list in the settings."""

import reflex as rx

from chatbot_app.components.fields import form_error
from chatbot_app.components.words import t
from chatbot_app.schemas import SharedLink
from chatbot_app.state.sharing import Sharing


def share_dialog() -> rx.Component:
    """What is shared by a link, the links to this chat, and a button for another."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(t("Share this chat")),
            rx.dialog.description(
                t(
                    "Anybody with the link can read the chat as it is now. Messages that come later,"
                    " the project's instructions, and who you are stay out of it."
                ),
                class_name="dialog-hint",
            ),
            rx.cond(Sharing.links.length() > 0, _links()),
            form_error(Sharing.error),
            rx.el.div(
                rx.dialog.close(rx.el.button(t("Close"), type="button", class_name="button")),
                rx.el.button(
                    t("Create link"),
                    type="button",
                    on_click=Sharing.create,
                    data_not_twice="",
                    class_name="button primary",
                ),
                class_name="dialog-actions",
            ),
            max_width="32rem",
        ),
        open=Sharing.is_open,
        on_open_change=Sharing.show_dialog,
    )


def shared_links() -> rx.Component:
    """All links that lead somewhere."""
    return rx.cond(
        Sharing.links.length() > 0,
        _links(),
        rx.el.p(
            t("You share no chat. A chat's menu has “Share”."),
            class_name="settings-words",
        ),
    )


def _links() -> rx.Component:
    return rx.el.ul(
        rx.foreach(Sharing.links, _link),
        class_name="devices shared-links",
        aria_label=t("Shared links"),
    )


def _link(link: rx.Var[SharedLink]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.a(
                link.title,
                href=link.url,
                target="_blank",
                rel="noopener",
                reload_document=True,
                class_name="ellipsis",
            ),
            rx.el.span(t("Shared {when}", when=link.shared_at), class_name="field-hint"),
            class_name="device-words",
        ),
        rx.el.button(t("Copy link"), type="button", data_copy_text=link.url, class_name="button"),
        rx.el.button(
            t("Withdraw"),
            type="button",
            aria_label=t("Withdraw the link to {title}", title=link.title),
            on_click=Sharing.withdraw(link.id),
            class_name="button danger-quiet",
        ),
        class_name="device",
        key=link.id,
    )
