"""One project's settings."""

import reflex as rx

from chatbot_app.components.fields import form_error, saved_note, text_area, text_field
from chatbot_app.components.missing import missing
from chatbot_app.components.model_picker import model_field
from chatbot_app.components.shell import page as framed
from chatbot_app.components.shell import page_bar, shell
from chatbot_app.components.words import t
from chatbot_app.config import get_settings
from chatbot_app.state.projects import ProjectSettings
from chatbot_app.state.rail import Rail

OPTIONS = {
    "route": "/projects/[project_id]",
    "title": t("Project settings"),
    "on_load": [Rail.load, ProjectSettings.load],
}


def page() -> rx.Component:
    """Name, description, system prompt, model, temperature; and at the end the way to delete it
    all.
    """
    return rx.cond(
        ProjectSettings.is_missing,
        shell(
            page_bar(), missing(t("This project does not exist, or it belongs to somebody else."))
        ),
        framed(
            t("Project settings"),
            rx.cond(
                ProjectSettings.is_loaded,
                rx.fragment(_form(), _danger()),
                rx.el.div(
                    *[rx.el.div(class_name="skeleton field-skeleton") for _ in range(4)],
                    class_name="form",
                ),
            ),
        ),
    )


def _form() -> rx.Component:
    project = ProjectSettings.project
    limit = get_settings().prompt_max_chars
    return rx.el.form(
        text_field(t("Project name"), "name", default_value=project.name, auto_complete="off"),
        text_field(
            t("Description"),
            "description",
            default_value=project.description,
            auto_complete="off",
            hint=t("For you alone; the model does not see it."),
        ),
        rx.el.div(
            text_area(
                t("System prompt"),
                "system_prompt",
                default_value=project.system_prompt,
                rows=10,
                data_counted="",
            ),
            rx.el.p(
                "", class_name="field-count", data_count_for="system_prompt", data_limit=str(limit)
            ),
            class_name="counted",
        ),
        rx.el.div(
            model_field(default_value=project.model, placeholder=ProjectSettings.default_model),
            text_field(
                t("Temperature"),
                "temperature",
                default_value=project.temperature,
                auto_complete="off",
                input_mode="decimal",
                placeholder=t("Default"),
                hint=t("0 is steady, 2 is wild. Empty: the model's default."),
            ),
            class_name="field-pair",
        ),
        text_area(
            t("Prompt starters"),
            "starters",
            default_value=project.starters,
            rows=4,
            hint=t("Questions that a new chat suggests, one a line and six at most."),
        ),
        form_error(ProjectSettings.error),
        rx.el.div(
            rx.el.button(t("Save changes"), type="submit", class_name="button primary"),
            saved_note(ProjectSettings.saved, t("Saved")),
            class_name="form-actions",
        ),
        on_submit=ProjectSettings.save,
        data_keeps="",
        key=project.id,
        class_name="form",
    )


def _danger() -> rx.Component:
    return rx.el.section(
        rx.el.h2(t("Delete project")),
        rx.el.p(t("Its chats and all their messages go with it, for good.")),
        rx.alert_dialog.root(
            rx.alert_dialog.trigger(
                rx.el.button(t("Delete project"), type="button", class_name="button danger-quiet")
            ),
            rx.alert_dialog.content(
                rx.alert_dialog.title(t("Delete this project?")),
                rx.alert_dialog.description(
                    t(
                        "All its chats will be gone for good. Type “{name}” to go on.",
                        name=ProjectSettings.project.name,
                    ),
                ),
                rx.el.form(
                    text_field(
                        t("Project name"), "confirmation", auto_focus=True, auto_complete="off"
                    ),
                    form_error(ProjectSettings.delete_error),
                    rx.el.div(
                        rx.alert_dialog.cancel(
                            rx.el.button(t("Cancel"), type="button", class_name="button")
                        ),
                        rx.el.button(t("Delete"), type="submit", class_name="button danger"),
                        class_name="dialog-actions",
                    ),
                    on_submit=ProjectSettings.delete,
                    class_name="form",
                ),
                max_width="28rem",
            ),
            on_open_change=ProjectSettings.show_delete_dialog,
        ),
        class_name="danger-zone",
    )
