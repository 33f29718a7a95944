"""The frame of the pages for administrators, and the tables in them."""

from typing import Any

import reflex as rx

from chatbot_app.components.links import link
from chatbot_app.components.missing import missing
from chatbot_app.components.shell import page as framed
from chatbot_app.components.shell import shell
from chatbot_app.components.words import t
from chatbot_app.state.session import Session

TABS = (
    ("users", t("Users"), "/admin"),
    ("invitations", t("Invitations"), "/admin/invitations"),
    ("audit", t("Audit log"), "/admin/audit"),
)


def administration(
    tab: str, is_loaded: rx.Var[bool] | bool, *content: rx.Component
) -> rx.Component:
    """A page for administrators; anybody else finds that there is none."""
    return rx.cond(
        rx.State.is_hydrated & (Session.is_admin == False),  # noqa: E712 (a var, not a truth)
        shell(missing()),
        framed(
            t("Administration"),
            rx.el.nav(
                *[
                    link(
                        words,
                        href=href,
                        underline="none",
                        aria_current="page" if name == tab else "false",
                        class_name="tab",
                    )
                    for name, words, href in TABS
                ],
                aria_label=t("Administration"),
                class_name="tabs",
            ),
            rx.cond(is_loaded, rx.el.div(*content), _skeleton()),
        ),
    )


def table(
    label: rx.Var[str] | str, heads: tuple[rx.Var[str] | None, ...], rows: rx.Component
) -> rx.Component:
    """A table that becomes cards on a phone, where each cell says by itself what it is."""
    return rx.el.table(
        rx.el.thead(
            rx.el.tr(
                *[
                    rx.el.th(
                        rx.el.span(t("Actions"), class_name="sr-only") if head is None else head,
                        scope="col",
                    )
                    for head in heads
                ]
            )
        ),
        rx.el.tbody(rows),
        aria_label=label,
        class_name="list-table",
    )


def cell(
    head: rx.Var[str] | str, content: rx.Component | rx.Var[str] | str, kind: str = ""
) -> rx.Component:
    """A cell under this head."""
    return rx.el.td(content, data_head=head, class_name=kind)


def show_more(on_click: Any) -> rx.Component:
    """The way to what is behind the end of a list."""
    return rx.el.button(t("Show more"), type="button", on_click=on_click, class_name="button more")


def _skeleton() -> rx.Component:
    return rx.el.div(
        *[rx.el.div(class_name="skeleton line-skeleton") for _ in range(6)], aria_hidden="true"
    )
