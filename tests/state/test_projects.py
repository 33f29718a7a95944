"""A project's settings: what is saved is the project that the address names, whatever the tab knows."""

import pytest

from chatbot_app.errors import NotFound
from chatbot_app.services import projects
from chatbot_app.state.projects import ProjectSettings
from tests.conftest import Person
from tests.state.tab import Tab, Tabs

pytestmark = pytest.mark.usefixtures("model")

FORM = {
    "name": "Sea",
    "description": "",
    "system_prompt": "Speak of the sea.",
    "model": "",
    "temperature": "",
    "starters": "",
}


@pytest.fixture
def tab(tabs: Tabs, alice: Person) -> Tab:
    """A tab whose state is new: it was dropped after an idle hour, or the server restarted."""
    opened = tabs.open(alice.token)
    opened.route = {"project_id": str(alice.project_id)}
    return opened


async def test_a_save_by_a_tab_that_was_forgotten_counts_and_is_told(
    tab: Tab, alice: Person
) -> None:
    await tab.send(ProjectSettings.save, form=FORM)
    await tab.send(ProjectSettings.load)  # which comes with a new state, behind what was sent
    shown = await tab.state(ProjectSettings)
    assert shown.saved == 1
    assert projects.get(alice.id, alice.project_id).system_prompt == "Speak of the sea."
    await tab.send(ProjectSettings.load)
    assert shown.saved == 0


async def test_a_refusal_to_a_tab_that_was_forgotten_is_told(tab: Tab, alice: Person) -> None:
    await tab.send(ProjectSettings.save, form=FORM | {"temperature": "warm"})
    await tab.send(ProjectSettings.load)
    assert (await tab.state(ProjectSettings)).error
    assert projects.get(alice.id, alice.project_id).system_prompt == "Be brief."


async def test_a_project_is_deleted_by_its_name_as_it_is_now(tab: Tab, alice: Person) -> None:
    await tab.send(ProjectSettings.load)
    projects.update(alice.id, alice.project_id, **FORM)  # in another tab
    shown = await tab.state(ProjectSettings)
    await tab.send(ProjectSettings.delete, form={"confirmation": ""})
    assert shown.delete_error
    await tab.send(ProjectSettings.delete, form={"confirmation": " Sea "})
    with pytest.raises(NotFound):
        projects.get(alice.id, alice.project_id)
