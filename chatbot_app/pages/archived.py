"""The chats that were put away: read again, put back, or deleted."""

import reflex as rx

from chatbot_app.components.icons import icon_button
from chatbot_app.components.links import link
from chatbot_app.components.shell import page as framed
from chatbot_app.components.words import t
from chatbot_app.schemas import ArchivedChat
from chatbot_app.state.archived import Archived
from chatbot_app.state.chat_actions import ChatActions
from chatbot_app.state.rail import Rail

OPTIONS = {
    "route": Archived.PATH,
    "title": t("Archived chats"),
    "on_load": [Rail.load, Archived.load],
}


def page() -> rx.Component:
    """A list over all projects, the last to be archived first."""
    return framed(
        t("Archived chats"),
        rx.cond(
            Archived.is_loaded,
            rx.cond(
                Archived.chats.length() > 0,
                rx.el.ul(rx.foreach(Archived.chats, _chat), class_name="archived-list"),
                rx.el.div(
                    rx.el.p(t("Chats that you archive leave the list and are kept here.")),
                    class_name="empty",
                ),
            ),
            rx.el.div(*[rx.el.div(class_name="skeleton line-skeleton") for _ in range(4)]),
        ),
        rx.cond(
            Archived.older_than != "",
            rx.el.button(
                t("Show more"),
                type="button",
                on_click=Archived.show_more,
                class_name="button more",
            ),
        ),
    )


def _chat(chat: rx.Var[ArchivedChat]) -> rx.Component:
    return rx.el.li(
        link(
            rx.el.span(chat.title, class_name="archived-title ellipsis"),
            rx.el.span(
                t(
                    "Archived {moment} in {project}",
                    moment=chat.archived_at,
                    project=chat.project_name,
                ),
                class_name="field-hint ellipsis",
            ),
            href="/projects/" + chat.project_id + "/chat/" + chat.id,
            underline="none",
            class_name="archived-link",
        ),
        icon_button(
            "archive-restore",
            t("Unarchive {title}", title=chat.title),
            on_click=ChatActions.unarchive(chat.id),
        ),
        icon_button(
            "trash-2",
            t("Delete {title}", title=chat.title),
            on_click=ChatActions.ask_to_delete(chat.id),
            data_takes_focus="",
        ),
        class_name="archived-chat",
        key=chat.id,
    )
