"""What the pages' forms submit. The gate refuses a form with a field that is missing, unknown or
not text.
"""

from typing import NotRequired

from typing_extensions import TypedDict


class MessageForm(TypedDict):
    """The composer. The page names each message with a key of its own, so that one that is sent
    again is not asked again. `model` is what was chosen for a chat that this message begins.
    """

    message: str
    key: str
    model: NotRequired[str]


class ModelForm(TypedDict):
    """The model that a chat is to be asked with; empty: its project's."""

    model: str


class TitleForm(TypedDict):
    """A chat's title."""

    title: str


class NewProjectForm(TypedDict):
    """The dialog "New project"."""

    name: str
    system_prompt: str


class ProjectForm(TypedDict):
    """A project's settings. An empty model and temperature mean the default."""

    name: str
    description: str
    system_prompt: str
    model: str
    temperature: str
    starters: str


class ConfirmForm(TypedDict):
    """A project's name, typed once more before it is deleted."""

    confirmation: str


class ProfileForm(TypedDict):
    """The person's own name."""

    name: str


class SearchForm(TypedDict):
    """Words to look for."""

    search: str


class EmailForm(TypedDict):
    """The email of an account, typed before it is deleted."""

    email: str


class AuditForm(TypedDict):
    """What the audit is narrowed down to; what is empty does not matter. Days are in ISO 8601."""

    action: str
    outcome: str
    email: str
    since: str
    until: str
