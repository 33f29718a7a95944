"""For administrators: what happened to accounts, and what was refused."""

import reflex as rx

from chatbot_app.components.administration import administration, cell, show_more, table
from chatbot_app.components.fields import form_error, text_field
from chatbot_app.components.words import t
from chatbot_app.schemas import AuditRow
from chatbot_app.state.administration import ACTIONS, Audit
from chatbot_app.state.rail import Rail

OPTIONS = {"route": "/admin/audit", "title": t("Audit log"), "on_load": [Rail.load, Audit.load]}


def page() -> rx.Component:
    """Entries, newest first, and what to narrow them down to."""
    heads = (t("When"), t("What"), t("By"), t("To"), t("From"))
    return administration(
        "audit",
        Audit.is_loaded,
        _filters(),
        rx.cond(
            Audit.entries.length() > 0,
            table(t("Audit log"), heads, rx.foreach(Audit.entries, _entry)),
            rx.el.div(rx.el.p(t("Nothing fits.")), class_name="empty"),
        ),
        rx.cond(Audit.before != "", show_more(Audit.show_more)),
    )


def _filters() -> rx.Component:
    return rx.el.form(
        rx.el.div(
            _choice(
                t("Action"),
                "action",
                (("", t("Any")), *((name, t(words)) for name, words in ACTIONS.items())),
            ),
            _choice(
                t("Outcome"),
                "outcome",
                (("", t("Any")), ("done", t("Done")), ("refused", t("Refused"))),
            ),
            text_field(t("Email"), "email", auto_complete="off"),
            text_field(t("From day"), "since", type="date"),
            text_field(t("To day"), "until", type="date"),
            class_name="filter-fields",
        ),
        form_error(Audit.error),
        rx.el.div(
            rx.el.button(t("Show"), type="submit", class_name="button primary"),
            class_name="form-actions",
        ),
        on_submit=Audit.narrow,
        role="search",
        aria_label=t("Filters"),
        class_name="form filters",
    )


def _choice(
    label: rx.Var[str] | str, name: str, options: tuple[tuple[str, rx.Var[str]], ...]
) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=name, class_name="field-label"),
        rx.el.select(
            *[rx.el.option(words, value=value) for value, words in options],
            id=name,
            name=name,
            class_name="field-input",
        ),
        class_name="field",
    )


def _entry(entry: rx.Var[AuditRow]) -> rx.Component:
    return rx.el.tr(
        cell(t("When"), entry.at, "moment"),
        cell(
            t("What"),
            rx.el.div(
                rx.el.span(
                    entry.action,
                    rx.cond(
                        entry.outcome == "refused", rx.el.span(t("Refused"), class_name="badge bad")
                    ),
                    class_name="device-name",
                ),
                rx.cond(entry.detail != "", rx.el.span(entry.detail, class_name="field-hint")),
                class_name="device-words",
            ),
        ),
        cell(t("By"), entry.actor),
        cell(t("To"), entry.target),
        cell(t("From"), entry.address),
        key=entry.id,
    )
