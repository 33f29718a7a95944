"""The search palette: commands, chats and messages to go to, over any page.

A dialog of the browser's own, so that it is there at once; `assets/palette.js` opens it, chooses the
commands that fit, and moves through the options while the focus stays in the field.
"""

from typing import Any

import reflex as rx

from chatbot_app.components.links import link
from chatbot_app.components.words import t
from chatbot_app.schemas import ChatHit, MessageHit, ProjectCard, TextPart
from chatbot_app.services.search import LONGEST_QUERY
from chatbot_app.state.palette import Palette
from chatbot_app.state.rail import Rail

_SHOW_SHORTCUTS = rx.Var("() => window.chatbot.showShortcuts()")


def palette_button() -> rx.Component:
    """Opens the palette for those who don't know the keys, and tells them."""
    return rx.el.button(
        rx.icon("search", size=18, aria_hidden="true"),
        rx.el.span(t("Search")),
        rx.el.kbd(aria_hidden="true"),
        type="button",
        data_open_palette="",
        data_close_navigation="",
        aria_label=t("Search"),
        class_name="rail-item search",
    )


def palette() -> rx.Component:
    """The dialog, closed."""
    return rx.el.dialog(
        rx.el.form(
            rx.icon("search", size=18, aria_hidden="true"),
            rx.el.input(
                type="text",
                name="search",
                role="combobox",
                aria_label=t("Search"),
                aria_autocomplete="list",
                aria_expanded="true",
                aria_controls="palette-options",
                placeholder=t("Search chats and messages, or find a command"),
                auto_complete="off",
                spell_check=False,
                max_length=LONGEST_QUERY,
                enter_key_hint="go",
                class_name="palette-field",
            ),
            rx.el.button(
                rx.icon("x", size=18, aria_hidden="true"),
                type="button",
                aria_label=t("Close"),
                data_close_palette="",
                class_name="icon-button",
            ),
            on_submit=Palette.look_for,
            reset_on_submit=False,
            class_name="palette-form",
        ),
        rx.el.div(
            _commands(),
            _chats(),
            _messages(),
            id="palette-options",
            role="listbox",
            aria_label=t("Results"),
            data_found_for=Palette.found_for,
            data_loaded=rx.cond(Palette.is_loaded, "true", "false"),
            class_name="palette-options",
        ),
        rx.el.div(*[rx.el.div(class_name="skeleton") for _ in range(3)], class_name="palette-wait"),
        _nothing(),
        rx.el.p(
            _key("↑", "↓", t("to move")),
            _key("↵", "", t("to open")),
            _key("Esc", "", t("to close")),
            aria_hidden="true",
            class_name="palette-keys",
        ),
        id="palette",
        aria_label=t("Search"),
        class_name="palette",
    )


def _group(label: rx.Var[str] | str, *options: Any, **props: Any) -> rx.Component:
    name = props.pop("class_name", "")
    return rx.el.div(
        rx.el.div(label, aria_hidden="true", class_name="palette-heading"),
        *options,
        role="group",
        aria_label=label,
        class_name=f"palette-group {name}",
        **props,
    )


def _option(icon: str, *text: Any, href: Any = None, **props: Any) -> rx.Component:
    """A line that one chooses: a link where it leads somewhere, so that it opens in a tab of its own
    as links do.
    """
    content = (rx.icon(icon, size=16, aria_hidden="true"), *text)
    options: dict[str, Any] = {"role": "option", "class_name": "palette-option"} | props
    if href is None:
        return rx.el.div(*content, **options)
    return link(*content, href=href, underline="none", tab_index=-1, **options)


def _commands() -> rx.Component:
    new_chat = "/projects/" + Rail.listed_project_id + "/chat"
    shortcuts = _option(
        "keyboard",
        rx.el.span(t("Keyboard shortcuts"), class_name="ellipsis"),
        data_command="",
        data_needs="showShortcuts",
        hidden=True,
        on_click=rx.call_function(_SHOW_SHORTCUTS),
    )
    return _group(
        t("Commands"),
        rx.cond(
            Rail.listed_project_id != "",
            rx.fragment(
                _command("square-pen", t("New chat"), href=new_chat),
                _command(
                    "message-circle-dashed", t("Temporary chat"), href=new_chat + "?temporary=1"
                ),
            ),
        ),
        _command("layout-grid", t("Projects"), href="/projects"),
        _command("archive", t("Archived chats"), href="/archived"),
        _command("settings", t("Settings"), href="/settings"),
        _command("sun-moon", t("Switch theme"), on_click=rx.toggle_color_mode),
        shortcuts,
        rx.foreach(Rail.projects, _project),
        class_name="palette-commands",
    )


def _command(icon: str, name: rx.Var[str], **props: Any) -> rx.Component:
    return _option(icon, rx.el.span(name, class_name="ellipsis"), data_command="", **props)


def _project(project: rx.Var[ProjectCard]) -> rx.Component:
    return _option(
        "sparkles",
        rx.el.span(t("Project {name}", name=project.name), class_name="ellipsis"),
        data_command="",
        data_project="",
        href="/projects/" + project.id + "/chat",
        key=project.id,
    )


def _chats() -> rx.Component:
    return rx.cond(
        Palette.chats.length() > 0,
        _group(
            rx.cond(Palette.found_for == "", t("Recent chats"), t("Chats")),
            rx.foreach(Palette.chats, _chat),
            class_name="palette-found",
        ),
    )


def _chat(chat: rx.Var[ChatHit]) -> rx.Component:
    return _option(
        "message-square",
        rx.el.span(rx.foreach(chat.title, _part), class_name="ellipsis"),
        _archived(chat.is_archived),
        href="/projects/" + chat.project_id + "/chat/" + chat.id,
        key=chat.id,
    )


def _messages() -> rx.Component:
    return rx.cond(
        Palette.messages.length() > 0,
        _group(
            t("Messages"),
            rx.foreach(Palette.messages, _message),
            rx.cond(
                Palette.older_than != "",
                _option(
                    "chevron-down",
                    rx.el.span(t("Show older messages")),
                    data_stays_open="",
                    on_click=Palette.show_more,
                ),
            ),
            class_name="palette-found",
        ),
    )


def _message(hit: rx.Var[MessageHit]) -> rx.Component:
    who = rx.cond(hit.role == "user", t("You"), t("Answer"))
    return _option(
        "text-search",
        rx.el.span(
            rx.el.span(
                rx.el.span(hit.chat_title, class_name="ellipsis"),
                _archived(hit.is_archived),
                rx.el.span(who, " · ", hit.said_at, class_name="palette-when"),
                class_name="palette-where",
            ),
            rx.el.span(rx.foreach(hit.excerpt, _part), class_name="palette-excerpt"),
            class_name="palette-hit",
        ),
        href="/projects/" + hit.project_id + "/chat/" + hit.chat_id + "?message=" + hit.id,
        key=hit.id,
    )


def _part(part: rx.Var[TextPart]) -> rx.Component:
    return rx.cond(part.is_hit, rx.el.mark(part.text), part.text)


def _archived(is_archived: rx.Var[bool]) -> rx.Component:
    return rx.cond(is_archived, rx.el.span(t("Archived"), class_name="palette-tag"))


def _nothing() -> rx.Component:
    """What is said where there is nothing to go to; shown by the script, which knows the commands."""
    return rx.el.p(
        rx.cond(
            Palette.hint != "",
            Palette.hint,
            t("Nothing was found. All words have to occur; quotes hold words together."),
        ),
        role="status",
        class_name="palette-nothing",
    )


def _key(first: str, second: str, what: rx.Var[str]) -> rx.Component:
    keys = [rx.el.kbd(key) for key in (first, second) if key]
    return rx.el.span(*keys, " ", what)
