"""Every table. No queries here, and no `State` ever holds a row: `schemas` cross to the page.

Keys are UUIDs, times are UTC. A user owns projects, a project owns chats, a chat owns messages;
deleting one deletes what it owns. A message's `parent_id` makes the conversation a tree: an edit
or another answer is a sibling, so nothing ever rewrites a chat. `parent_id` does not cascade, for
SQLite gives up on chains of about a thousand.
"""

from chatbot_app.models.accounts import (
    AuditEntry,
    Identity,
    Invitation,
    MailedLink,
    RecoveryCode,
    TwoFactor,
    User,
    UserSession,
)
from chatbot_app.models.columns import UtcDateTime, now
from chatbot_app.models.conversations import (
    AnswerRun,
    Chat,
    Message,
    MessageChunk,
    MessageSearch,
    Project,
    SharedChat,
)

__all__ = [
    "AnswerRun",
    "AuditEntry",
    "Chat",
    "Identity",
    "Invitation",
    "MailedLink",
    "Message",
    "MessageChunk",
    "MessageSearch",
    "Project",
    "RecoveryCode",
    "SharedChat",
    "TwoFactor",
    "User",
    "UserSession",
    "UtcDateTime",
    "now",
]
