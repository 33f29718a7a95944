"""A shared chat, for whoever has the link: to read, and nothing else."""

import reflex as rx

from chatbot_app.components.entrance import brand
from chatbot_app.components.links import link
from chatbot_app.components.prose import Answer
from chatbot_app.components.words import t
from chatbot_app.schemas import MessageView
from chatbot_app.state.sharing import Snapshot

OPTIONS = {
    "route": "/share/[share_token]",
    "title": rx.cond(Snapshot.title != "", Snapshot.title, t("Shared chat")),
    "on_load": Snapshot.open,
    "meta": [{"name": "robots", "content": "noindex, nofollow"}],
}


def page() -> rx.Component:
    """The title, when it was shared, and the messages."""
    return rx.el.div(
        rx.el.header(
            brand(),
            link(t("Home"), href="/", underline="none", class_name="button"),
            class_name="landing-bar",
        ),
        rx.el.main(
            rx.cond(
                Snapshot.is_missing,
                _missing(),
                rx.cond(Snapshot.is_loaded, _snapshot(), _skeleton()),
            ),
        ),
        class_name="shared-chat",
    )


def _snapshot() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.h1(Snapshot.title),
            rx.el.p(
                t("Shared {when}. A copy as it was then, to read only.", when=Snapshot.shared_at)
            ),
            class_name="shared-head",
        ),
        rx.el.div(
            rx.foreach(
                Snapshot.messages,
                lambda message: rx.fragment(_message(message=message), key=message.id),
            ),
            role="log",
            aria_label=t("Conversation"),
            aria_live="off",
            class_name="shared-messages",
        ),
        rx.cond(
            Snapshot.has_more,
            rx.el.button(
                t("Show more"), type="button", on_click=Snapshot.show_more, class_name="button"
            ),
        ),
        class_name="column",
    )


@rx.memo
def _message(message: rx.Var[MessageView]) -> rx.Component:
    return rx.el.article(
        rx.cond(
            message.role == "user",
            rx.el.div(message.blocks.join(""), class_name="bubble"),
            rx.fragment(
                rx.el.div(
                    rx.el.span(rx.icon("sparkles", size=14), class_name="mark", aria_hidden="true"),
                    rx.el.span(t("Assistant")),
                    class_name="agent",
                ),
                Answer.create(message_id=message.id, stored=message.blocks),
            ),
        ),
        data_role=message.role,
        aria_label=rx.cond(message.role == "user", t("Question"), t("Answer")),
        class_name="message",
    )


def _missing() -> rx.Component:
    return rx.el.div(
        rx.el.span("404", class_name="missing-code", aria_hidden="true"),
        rx.el.h1(t("Page not found")),
        rx.el.p(t("This link leads nowhere: it is mistyped, or the chat isn't shared any more.")),
        class_name="missing",
    )


def _skeleton() -> rx.Component:
    return rx.el.div(
        rx.el.div(class_name="skeleton bubble-skeleton"),
        *[rx.el.div(class_name="skeleton line-skeleton") for _ in range(3)],
        class_name="column",
    )
