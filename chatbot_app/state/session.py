"""Who this tab belongs to, as far as the page shows it. Only the gate writes it; nothing ever
trusts it.
"""

import reflex as rx

from chatbot_app.schemas import Viewer


class Session(rx.State):
    """The signed-in person's name and email (empty for the signed-out), and what this tab has to
    tell them.
    """

    name: str = ""
    email: str = ""
    is_admin: bool = False
    is_verified: bool = True
    notice: str = ""
    """The last refusal that no form or field shows by itself; empty when there is none."""

    _owner: str = ""
    """The id of the user whose data this tab's state holds."""

    def _show(self, viewer: Viewer) -> None:
        """Say who is signed in; what is shown already is left alone, for it would be sent again."""
        for name in ("name", "email", "is_admin", "is_verified"):
            if getattr(self, name) != getattr(viewer, name):
                setattr(self, name, getattr(viewer, name))
