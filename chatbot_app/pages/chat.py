"""The chat: what the platform is for. A new chat and an old one are the same page."""

import reflex as rx
from reflex_base.vars.base import VarData

from chatbot_app.components.chat_menu import archived_bar, chat_menu
from chatbot_app.components.composer import composer
from chatbot_app.components.icons import icon_button
from chatbot_app.components.links import link
from chatbot_app.components.message import delete_dialog, message_article
from chatbot_app.components.missing import missing
from chatbot_app.components.model_picker import CHOSEN_MODEL
from chatbot_app.components.prose import LiveFeed
from chatbot_app.components.sharing import share_dialog
from chatbot_app.components.shell import navigation_button, shell
from chatbot_app.components.temporary import temporary_note, temporary_switch
from chatbot_app.components.thoughts import thoughts_feed
from chatbot_app.components.titles import title_form
from chatbot_app.components.words import t
from chatbot_app.state.answer import LiveAnswer
from chatbot_app.state.block_groups import GROUP_VARS, TAIL_VARS
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.rail import Rail
from chatbot_app.state.session import Session

OPTIONS = {
    "route": "/projects/[project_id]/chat/[[chat_id]]",
    # Not said in the state, which is first made where nobody calls, in no language.
    "title": rx.cond(
        Conversation.is_temporary,
        t("Temporary chat"),
        rx.cond(Conversation.tab_title != "", Conversation.tab_title, t("New chat")),
    ),
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
        t("Plan my week"),
        t("Help me plan a focused week: ask me three questions first, then make a table."),
    ),
    (
        t("Explain it simply"),
        t("Explain how the internet finds a website, in plain words, with a short list."),
    ),
    (
        t("Write some code"),
        t("Write a Python function that groups words by their first letter, with an example."),
    ),
)


def page() -> rx.Component:
    """The bar, the conversation and the composer; for a new chat a greeting with the composer in
    the middle.
    """
    return shell(
        _bar(),
        archived_bar(),
        delete_dialog(),
        rx.cond(
            Conversation.is_missing,
            missing(t("This chat does not exist, or it belongs to somebody else.")),
            rx.el.div(
                _conversation(),
                rx.cond(IS_EMPTY, _greeting()),
                rx.el.div(
                    icon_button(
                        "arrow-down",
                        t("Jump to the end"),
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
                data_temporary=rx.cond(Conversation.is_temporary, "true", "false"),
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
                (Conversation.title != "") & (Conversation.is_missing == False),  # noqa: E712 (a var)
                rx.el.button(
                    Conversation.title,
                    type="button",
                    title=t("Rename"),
                    on_click=Conversation.start_renaming,
                    data_takes_focus="",
                    class_name="title-button ellipsis",
                ),
                rx.el.span(
                    rx.cond(
                        Conversation.is_temporary,
                        rx.fragment(
                            rx.icon("message-circle-dashed", size=16, aria_hidden="true"),
                            t("Temporary chat"),
                        ),
                        rx.cond(Conversation.is_missing, "", t("New chat")),
                    ),
                    class_name="page-bar-title",
                ),
            ),
        ),
        link(
            rx.el.span(Conversation.project_name, class_name="ellipsis"),
            rx.icon("settings-2", size=14, aria_hidden="true"),
            href="/projects/" + Conversation.open_project_id,
            underline="none",
            aria_label=t("Settings of {name}", name=Conversation.project_name),
            class_name="project-chip",
        ),
        rx.cond(Conversation.may_become_temporary, temporary_switch()),
        share_dialog(),
        chat_menu(),
        class_name="page-bar",
    )


def _conversation() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.cond(
                Conversation.older_than != "",
                rx.el.button(
                    t("Load earlier messages"),
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
            rx.cond(Conversation.newer_than != "", _way_to_the_end()),
            role="log",
            aria_label=t("Conversation"),
            aria_live="off",
            class_name="column",
        ),
        LiveFeed.create(
            message_id=LiveAnswer.message_id,
            groups=[getattr(LiveAnswer, name) for name in GROUP_VARS],
            tails=[getattr(LiveAnswer, name) for name in TAIL_VARS],
        ),
        thoughts_feed(),
        rx.el.p(
            rx.match(
                LiveAnswer.outcome,
                ("complete", t("The answer is finished.")),
                ("stopped", t("You stopped this answer.")),
                LiveAnswer.outcome,
            ),
            role="status",
            class_name="sr-only",
            key=LiveAnswer.finished.to_string(),
        ),
        class_name="scroller",
        data_scroller="",
        tab_index=-1,
    )


def _way_to_the_end() -> rx.Component:
    """Beneath a stretch from the middle: more of it, which also loads by scrolling, and the end."""
    return rx.el.div(
        rx.el.button(
            t("Load later messages"),
            type="button",
            on_click=Conversation.load_later,
            data_load_later="",
            class_name="button",
        ),
        rx.el.button(
            t("Go to the newest"),
            type="button",
            on_click=Conversation.show_end,
            data_show_end="",
            class_name="button",
        ),
        class_name="later",
    )


def _skeleton() -> rx.Component:
    return rx.fragment(
        rx.el.div(class_name="skeleton bubble-skeleton"),
        *[rx.el.div(class_name="skeleton line-skeleton") for _ in range(3)],
    )


def _greeting() -> rx.Component:
    return rx.el.div(
        rx.el.h1(
            rx.cond(
                Session.name != "",
                t("What can I do for you, {name}?", name=Session.name.split(" ")[0]),
                t("What can I do for you?"),
            ),
        ),
        rx.cond(Conversation.is_temporary, temporary_note(), _demo_note()),
        class_name="greeting",
    )


def _demo_note() -> rx.Component:
    return rx.cond(
        Conversation.is_demo,
        rx.el.p(
            t(
                "This is the demo model. It shows how everything works; connect a real one"
                " with OPENAI_API_KEY."
            ),
            class_name="demo-note",
        ),
    )


def _starters() -> rx.Component:
    """The project's own questions, or three that suit anybody; nothing until it is known which."""
    return rx.el.div(
        rx.cond(
            Conversation.starters.length() > 0,
            rx.foreach(
                Conversation.starters,
                lambda question: _starter(question, "starter own", rx.el.span(question)),
            ),
            rx.fragment(
                *[
                    _starter(question, "starter", rx.el.strong(title), rx.el.span(question))
                    for title, question in STARTERS
                ]
            ),
        ),
        class_name=rx.cond(Conversation.is_loaded, "starters", "starters waiting"),
    )


def _starter(question: rx.Var[str], class_name: str, *shown: rx.Component) -> rx.Component:
    return rx.el.button(
        *shown,
        type="button",
        on_click=Conversation.ask(question, FRESH_KEY, CHOSEN_MODEL),
        class_name=class_name,
    )
