"""Projects: a person's agents, each with its system prompt and its chats."""

import uuid

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import InvalidInput
from chatbot_app.models import Project, now
from chatbot_app.repositories import chats, projects
from chatbot_app.schemas import ProjectCard, ProjectDetail
from chatbot_app.services import text, views
from chatbot_app.words import t

SUMMARY = 160  # characters
MODEL_MAX_CHARS = 200
STARTERS = 6
STARTER_MAX_CHARS = 500


def list_for(user_id: uuid.UUID) -> list[ProjectCard]:
    """List a person's projects, latest activity first."""
    with db.session() as session:
        rows = projects.list_with_activity(session, user_id)
    return [
        ProjectCard(
            id=str(project.id),
            name=project.name,
            summary=_summary(project.description, prompt_head),
            model=project.model,
            last_activity=views.moment(latest),
            chats=number,
        )
        for project, prompt_head, latest, number in rows
    ]


def get(user_id: uuid.UUID, project_id: uuid.UUID | str) -> ProjectDetail:
    """Get a project with all that may be edited.

    Raises: NotFound.
    """
    with db.session() as session:
        return views.project_detail(projects.get(session, user_id, text.identifier(project_id)))


def chat_ids(user_id: uuid.UUID, project_id: uuid.UUID | str) -> list[uuid.UUID]:
    """List the ids of all chats in a project.

    Raises: NotFound.
    """
    with db.session() as session:
        project = projects.get(session, user_id, text.identifier(project_id))
        return list(chats.list_ids(session, user_id, project.id))


def first(user_id: uuid.UUID) -> ProjectDetail | None:
    """Find a person's oldest project."""
    with db.session() as session:
        project = projects.find_first(session, user_id)
    return None if project is None else views.project_detail(project)


def create(
    user_id: uuid.UUID,
    *,
    name: str,
    system_prompt: str = "",
    description: str = "",
    model: str = "",
    temperature: str | float | None = None,
    starters: str = "",
) -> ProjectDetail:
    """Make a project; an empty model or temperature means the default.

    Raises: InvalidInput.
    """
    project = Project(user_id=user_id, name="")
    _fill(
        project,
        name=name,
        description=description,
        system_prompt=system_prompt,
        model=model,
        temperature=temperature,
        starters=starters,
    )
    with db.session(write=True) as session:
        projects.add(session, project)
    return views.project_detail(project)


def update(
    user_id: uuid.UUID,
    project_id: uuid.UUID | str,
    *,
    name: str,
    description: str,
    system_prompt: str,
    model: str,
    temperature: str | float | None,
    starters: str,
) -> ProjectDetail:
    """Change a project as a whole; it counts from the next message on, in every chat.

    Raises: InvalidInput, NotFound.
    """
    with db.session(write=True) as session:
        project = projects.get(session, user_id, text.identifier(project_id))
        _fill(
            project,
            name=name,
            description=description,
            system_prompt=system_prompt,
            model=model,
            temperature=temperature,
            starters=starters,
        )
        project.updated_at = now()
    return views.project_detail(project)


def delete(user_id: uuid.UUID, project_id: uuid.UUID | str) -> None:
    """Delete a project with all its chats.

    Raises: NotFound.
    """
    with db.session(write=True) as session:
        project = projects.get(session, user_id, text.identifier(project_id), lock=True)
        projects.delete_with_chats(session, project)


def _fill(
    project: Project,
    *,
    name: object,
    description: object,
    system_prompt: object,
    model: object,
    temperature: object,
    starters: object,
) -> None:
    settings = get_settings()
    longest = settings.prompt_max_chars
    project.name = text.line(name, t("The project's name"), limit=settings.name_max_chars)
    project.description = text.passage(description, t("The description"), limit=longest)
    project.system_prompt = text.passage(system_prompt, t("The system prompt"), limit=longest)
    project.model = text.line(model, t("The model"), limit=MODEL_MAX_CHARS, required=False)
    project.temperature = text.temperature(temperature)
    project.starters = _starters(starters)


def _starters(value: object) -> str:
    """Take questions for a new chat to suggest, one a line; lines without any are left out."""
    whole = text.passage(value, t("The prompt starters"), limit=2 * STARTERS * STARTER_MAX_CHARS)
    lines = [line for line in whole.splitlines() if not text.is_blank(line)]
    if len(lines) > STARTERS:
        raise InvalidInput(
            t(
                "There are {count} prompt starters; at most {limit} are possible, one a line.",
                count=len(lines),
                limit=STARTERS,
            )
        )
    return "\n".join(text.line(x, t("A prompt starter"), limit=STARTER_MAX_CHARS) for x in lines)


def _summary(description: str, prompt_head: str) -> str:
    lines = (description if not text.is_blank(description) else prompt_head).strip().splitlines()
    return text.title(lines[0], limit=SUMMARY) if lines else ""
