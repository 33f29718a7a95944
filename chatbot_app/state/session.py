"""Who this tab belongs to, as far as the page shows it. Only the gate writes it; nothing ever
trusts it.
"""

import reflex as rx


class Session(rx.State):
    """The signed-in person's name and email (empty for the signed-out), and what this tab has to
    tell them.
    """

    name: str = ""
    email: str = ""
    notice: str = ""
    """The last refusal that no form or field shows by itself; empty when there is none."""

    _owner: str = ""
    """The id of the user whose data this tab's state holds."""
