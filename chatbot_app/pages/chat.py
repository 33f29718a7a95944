"""The chat: what the platform is for. A new chat and an old one are the same page."""

import reflex as rx
from reflex_base.vars.base import VarData

from chatbot_app.components.composer import composer
from chatbot_app.components.icons import icon_button
from chatbot_app.components.message import message_article
from chatbot_app.components.missing import missing
from chatbot_app.components.prose import LiveFeed
from chatbot_app.components.sharing import share_dialog
from chatbot_app.components.shell import navigation_button, shell
from chatbot_app.components.titles import title_form
from chatbot_app.components.words import t
from chatbot_app.state.answer import LiveAnswer
from chatbot_app.state.block_groups import GROUP_VARS, TAIL_VARS
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.rail import Rail
from chatbot_app.state.session import Session
from chatbot_app.state.sharing import Sharing

OPTIONS = {
    "route": "/projects/[project_id]/chat/[[chat_id]]",
    "title": Conversation.tab_title,
    "on_load": [Conversation.open, Rail.load, LiveAnswer.keep_up],
}

# Until the server has said what is in it, the address tells a new chat from an old one, also where
# the page is prerendered.
_NO_CHAT_ID = rx.Var(
    "(chatAddress.chat_id === undefined)",
    _var_type=bool,
    _var_data=VarData(
        hooks={"const chatAddress = useParams();": None}, imports={"react-router": "useParams"}
    ),
)
IS_EMPTY = rx.cond(Conversation.is_loaded, Conversation.is_empty, _NO_CHAT_ID)

FRESH_KEY = rx.Var("window.chatbot.freshKey()", _var_type=str)

STARTERS = (
    (
        "Plan my week",
        "Help me plan a focused week: ask me three questions first, then make a table.",
    ),
    (
        "Explain it simply",
        "Explain how the internet finds a website, in plain words, with a short list.",
    ),
    (
        "Write some code",
        "Write a Python function that groups words by their first letter, with an example.",
    ),
)


def page() -> rx.Component:
    """The bar, the conversation and the composer; for a new chat a greeting with the composer in
    the middle.
    """
    return shell(
        _bar(),
        rx.cond(
            Conversation.is_missing,
            missing("This chat does not exist, or it belongs to somebody else."),
            rx.el.div(
                _conversation(),
                rx.cond(IS_EMPTY, _greeting()),
                rx.el.div(
                    icon_button(
                        "arrow-down",
                        "Jump to the end",
                        class_name="jump",
                        data_jump="",
                        hidden=True,
                    ),
                    composer(),
                    rx.cond(IS_EMPTY, _starters()),
                    class_name="composer-dock",
                ),
                class_name="chat",
                data_empty=rx.cond(IS_EMPTY, "true", "false"),
            ),
        ),
    )


def _bar() -> rx.Component:
    return rx.el.header(
        navigation_button(),
        rx.cond(
            Conversation.is_renaming,
            title_form(
                Conversation.title,
                on_submit=Conversation.rename,
                on_cancel=Conversation.cancel_renaming,
                class_name="title-input",
            ),
            rx.cond(
                Conversation.title != "",
                rx.el.button(
                    Conversation.title,
                    type="button",
                    title="Rename",
                    on_click=Conversation.start_renaming,
                    class_name="title-button ellipsis",
                ),
                rx.el.span("New chat", class_name="page-bar-title"),
            ),
        ),
        rx.link(
            rx.el.span(Conversation.project_name, class_name="ellipsis"),
            rx.icon("settings-2", size=14, aria_hidden="true"),
            href="/projects/" + Conversation.open_project_id,
            underline="none",
            aria_label="Settings of " + Conversation.project_name,
            class_name="project-chip",
        ),
        rx.cond(
            Conversation.open_chat_id != "",
            icon_button("share", t("Share"), on_click=Sharing.show_dialog(True)),
        ),
        share_dialog(),
        class_name="page-bar",
    )


def _conversation() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.cond(
                Conversation.older_than != "",
                rx.el.button(
                    "Load earlier messages",
                    type="button",
                    on_click=Conversation.load_earlier,
                    data_load_earlier="",
                    class_name="button load-earlier",
                ),
            ),
            rx.cond(
                Conversation.is_loaded,
                rx.foreach(
                    Conversation.earlier + Conversation.recent,
                    lambda message: rx.fragment(
                        message_article(message=message, agent=Conversation.project_name),
                        key=message.id,
                    ),
                ),
                _skeleton(),
            ),
            role="log",
            aria_label="Conversation",
            aria_live="off",
            class_name="column",
        ),
        LiveFeed.create(
            message_id=LiveAnswer.message_id,
            groups=[getattr(LiveAnswer, name) for name in GROUP_VARS],
            tails=[getattr(LiveAnswer, name) for name in TAIL_VARS],
        ),
        rx.el.p(
            rx.cond(LiveAnswer.finished > 0, "The answer is finished.", ""),
            role="status",
            class_name="sr-only",
            key=LiveAnswer.finished.to_string(),
        ),
        class_name="scroller",
        data_scroller="",
        tab_index=-1,
    )


def _skeleton() -> rx.Component:
    return rx.fragment(
        rx.el.div(class_name="skeleton bubble-skeleton"),
        *[rx.el.div(class_name="skeleton line-skeleton") for _ in range(3)],
    )


def _greeting() -> rx.Component:
    return rx.el.div(
        rx.el.h1(
            "What can I do for you",
            rx.cond(Session.name != "", ", " + Session.name.split(" ")[0], ""),
            "?",
        ),
        rx.cond(
            Conversation.is_demo,
            rx.el.p(
                "This is the demo model. It shows how everything works; connect a real one with ",
                rx.el.code("OPENAI_API_KEY"),
                ".",
                class_name="demo-note",
            ),
        ),
        class_name="greeting",
    )


def _starters() -> rx.Component:
    return rx.el.div(
        *[
            rx.el.button(
                rx.el.strong(title),
                rx.el.span(question),
                type="button",
                on_click=Conversation.ask(question, FRESH_KEY),
                class_name="starter",
            )
            for title, question in STARTERS
        ],
        class_name="starters",
    )
