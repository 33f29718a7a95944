"""One module per page, for the bundle is split per module. `PAGES` is the whole map of the site."""

from chatbot_app.pages import (
    admin_audit,
    admin_invitations,
    admin_users,
    archived,
    chat,
    forgot,
    landing,
    login,
    not_found,
    project,
    projects,
    register,
    reset,
    second_factor,
    settings,
    share,
    verify,
)

PAGES = (
    landing,
    register,
    login,
    second_factor,
    forgot,
    reset,
    verify,
    projects,
    project,
    chat,
    archived,
    settings,
    share,
    admin_users,
    admin_invitations,
    admin_audit,
    not_found,
)
"""Each module has `page`, a function returning a component, and `OPTIONS`, what `rx.App.add_page`
is given for it.
"""
