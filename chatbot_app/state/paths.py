"""Addresses of pages, for handlers that lead somewhere."""


def chat_path(project_id: str, chat_id: str = "") -> str:
    """The address of a chat, or of a new chat in the project."""
    return f"/projects/{project_id}/chat/{chat_id}" if chat_id else f"/projects/{project_id}/chat"
