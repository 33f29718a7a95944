"""The list of projects and the settings of one."""

from dataclasses import replace
from typing import Any

import reflex as rx

from chatbot_app import db
from chatbot_app.errors import AppError, NotFound
from chatbot_app.generation import worker
from chatbot_app.schemas import ProjectCard, ProjectDetail, Viewer
from chatbot_app.services import answers, projects
from chatbot_app.state.dates import ago, reader_now
from chatbot_app.state.forms import ConfirmForm, NewProjectForm, ProjectForm
from chatbot_app.state.gate import handler
from chatbot_app.state.paths import chat_path, route_argument
from chatbot_app.state.rail import Rail
from chatbot_app.words import t


class Projects(rx.State):
    """Every project of this person, and the dialog that makes a new one."""

    cards: list[ProjectCard] = []
    is_loaded: bool = False
    error: str = ""
    default_model: str = ""

    @handler
    async def load(self, viewer: Viewer) -> None:
        """List the projects, the one used last first."""
        cards = await db.in_thread(projects.list_for, viewer.user_id)
        now = reader_now(self.router.headers.cookie)
        self.cards = [replace(c, last_activity=ago(c.last_activity, now)) for c in cards]
        self.default_model = worker.engine().model.name
        self.is_loaded = True

    @handler
    async def show_dialog(self, viewer: Viewer, is_open: bool) -> None:
        """Let the dialog for a new project begin anew. Whether it is open is the page's own affair:
        one that is typed in stays, also when the page is loaded again after a lost connection.
        """
        self.error = ""

    @handler
    async def create(self, viewer: Viewer, form: NewProjectForm) -> rx.event.EventSpec | None:
        """Make a project and go to its first chat; what was typed stays if it can't be made."""
        try:
            project = await db.in_thread(projects.create, viewer.user_id, **form)
        except AppError as error:
            self.error = error.message
            return None
        self.error = ""
        return rx.redirect(chat_path(project.id))


class ProjectSettings(rx.State):
    """One project's settings as they are stored; what is being typed stays in the page until it is
    saved.
    """

    project: ProjectDetail = ProjectDetail()
    is_loaded: bool = False
    is_missing: bool = False
    default_model: str = ""
    saved: int = 0
    """Counts saves that went through, so that the page can say so each time."""
    error: str = ""
    delete_error: str = ""

    @handler
    async def load(self, viewer: Viewer) -> None:
        """Show the project that the address names."""
        if self.is_loaded:  # else what came of a save that began the tab's state anew is news
            self.saved, self.error, self.delete_error = 0, "", ""
        self.default_model = worker.engine().model.name
        try:
            self.project = await db.in_thread(
                projects.get, viewer.user_id, route_argument(self, "project_id")
            )
            self.is_missing = False
        except NotFound:
            self.project, self.is_missing = ProjectDetail(), True
        self.is_loaded = True

    @handler
    async def save(self, viewer: Viewer, form: ProjectForm) -> Any:
        """Store the settings; what was typed stays if they can't be taken."""
        project_id = route_argument(self, "project_id")
        try:
            self.project = await db.in_thread(projects.update, viewer.user_id, project_id, **form)
        except AppError as error:
            self.error, self.saved = error.message, 0
            return None
        self.error, self.saved = "", self.saved + 1
        return Rail.load  # the project's name stands there too

    @handler
    async def show_delete_dialog(self, viewer: Viewer, is_open: bool) -> None:
        """Let the dialog begin anew. As with that for a new project, whether it is open is the
        page's own affair.
        """
        self.delete_error = ""

    @handler
    async def delete(self, viewer: Viewer, form: ConfirmForm) -> rx.event.EventSpec | None:
        """Delete the project and everything under it, once its name was typed."""
        project_id = route_argument(self, "project_id")
        project = await db.in_thread(projects.get, viewer.user_id, project_id)
        if form["confirmation"].strip() != project.name:
            self.delete_error = t("That is not the project's name.")
            return None
        await answers.delete_project(viewer.user_id, project_id)
        return rx.redirect("/projects")
