"""One module per page, for the bundle is split per module. `PAGES` is the whole map of the site."""

from chatbot_app.pages import (
    chat,
    landing,
    login,
    not_found,
    project,
    projects,
    register,
    second_factor,
    settings,
)

PAGES = (landing, register, login, second_factor, projects, project, chat, settings, not_found)
"""Each module has `page`, a function returning a component, and `OPTIONS`, what `rx.App.add_page`
is given for it.
"""
