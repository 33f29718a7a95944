"""The frame of every page for the signed-in: the rail at the left, the stage beside it.

Whether the rail is collapsed or, on a phone, open is the page's own affair: `assets/app.js` keeps
it on the root element, so that it costs no round trip and is there before the first paint.
"""

from typing import Any

import reflex as rx

from chatbot_app.components.icons import icon_button
from chatbot_app.components.notice import notice
from chatbot_app.components.offline import offline_bar
from chatbot_app.components.palette import palette
from chatbot_app.components.rail import rail
from chatbot_app.components.shortcuts import shortcuts
from chatbot_app.components.toast import toast
from chatbot_app.components.unconfirmed import unconfirmed_bar
from chatbot_app.components.words import t


def shell(*children: rx.Component, **props: Any) -> rx.Component:
    """A page's content inside the frame."""
    return rx.el.div(
        rail(),
        rx.el.div(class_name="scrim", data_close_navigation="", aria_hidden="true"),
        rx.el.main(unconfirmed_bar(), *children, class_name="stage", id="stage", **props),
        toast(),
        palette(),
        notice(),
        offline_bar(),
        shortcuts(),
        class_name="shell",
    )


def navigation_button() -> rx.Component:
    """Opens the rail on a phone; elsewhere the rail is there anyway."""
    return icon_button(
        "panel-left", t("Open navigation"), class_name="open-navigation", data_open_navigation=""
    )


def page_bar(*children: rx.Component) -> rx.Component:
    """The slim bar on top of the stage."""
    return rx.el.header(navigation_button(), *children, class_name="page-bar")


def page(
    title: rx.Var[str] | str, *children: rx.Component, actions: rx.Component | None = None
) -> rx.Component:
    """A page with a heading and a column of content."""
    return shell(
        page_bar(rx.el.span(title, aria_hidden="true", class_name="page-bar-name")),
        rx.el.div(
            rx.el.div(
                rx.el.h1(title, class_name="page-title"),
                actions if actions is not None else rx.fragment(),
                class_name="page-head",
            ),
            *children,
            class_name="page-column",
        ),
    )
