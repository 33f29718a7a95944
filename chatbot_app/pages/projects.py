"""Every project, and the dialog that makes a new one."""

import reflex as rx

from chatbot_app.components.fields import form_error, text_area, text_field
from chatbot_app.components.links import link
from chatbot_app.components.shell import page as framed
from chatbot_app.components.words import t
from chatbot_app.schemas import ProjectCard
from chatbot_app.state.projects import Projects
from chatbot_app.state.rail import Rail

OPTIONS = {"route": "/projects", "title": t("Projects"), "on_load": [Rail.load, Projects.load]}


def page() -> rx.Component:
    """Cards, the one used last first."""
    return framed(
        t("Projects"),
        rx.cond(
            Projects.is_loaded,
            rx.cond(
                Projects.cards.length() > 0,
                rx.el.ul(rx.foreach(Projects.cards, _card), class_name="cards"),
                _empty(),
            ),
            rx.el.div(
                *[rx.el.div(class_name="skeleton card-skeleton") for _ in range(3)],
                class_name="cards",
            ),
        ),
        actions=_new_project(),
    )


def _card(project: rx.Var[ProjectCard]) -> rx.Component:
    return rx.el.li(
        link(
            rx.el.h2(project.name, class_name="ellipsis"),
            rx.el.p(
                rx.cond(project.summary != "", project.summary, t("No instructions yet.")),
                class_name="card-summary",
            ),
            rx.el.p(
                rx.el.span(
                    rx.cond(project.model != "", project.model, Projects.default_model),
                    class_name="ellipsis",
                ),
                rx.el.span(project.last_activity),
                class_name="card-meta",
            ),
            href="/projects/" + project.id + "/chat",
            underline="none",
            class_name="card-link",
        ),
        link(
            rx.icon("settings-2", size=16, aria_hidden="true"),
            href="/projects/" + project.id,
            aria_label=t("Settings of {name}", name=project.name),
            class_name="icon-button card-settings",
        ),
        class_name="card",
        key=project.id,
    )


def _empty() -> rx.Component:
    return rx.el.div(
        rx.el.p(t("A project keeps chats together and gives the model its instructions.")),
        rx.el.p(t("Make one to begin.")),
        class_name="empty",
    )


def _new_project() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.trigger(
            rx.el.button(
                rx.icon("plus", size=16, aria_hidden="true"),
                t("New project"),
                type="button",
                class_name="button primary",
            )
        ),
        rx.dialog.content(
            rx.dialog.title(t("New project")),
            rx.dialog.description(
                t("Instructions can be changed at any time."), class_name="dialog-hint"
            ),
            rx.el.form(
                text_field(t("Project name"), "name", auto_focus=True, auto_complete="off"),
                text_area(
                    t("System prompt"),
                    "system_prompt",
                    rows=6,
                    placeholder=t("How should the model behave, and what should it know?"),
                ),
                form_error(Projects.error),
                rx.el.div(
                    rx.dialog.close(rx.el.button(t("Cancel"), type="button", class_name="button")),
                    rx.el.button(t("Create project"), type="submit", class_name="button primary"),
                    class_name="dialog-actions",
                ),
                on_submit=Projects.create,
                data_not_twice="",
                class_name="form",
            ),
            max_width="34rem",
            on_pointer_down_outside=rx.prevent_default,  # or what was typed would be gone
        ),
        on_open_change=Projects.show_dialog,
    )
