"""A conversation's tree against a simple model of one: whatever two people do in whatever order, with
and without an answer that is being written, nothing is lost, orphaned, left unfinished or mixed up.
"""

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import col, select

from chatbot_app import db
from chatbot_app.errors import Conflict, ModelError, NotFound
from chatbot_app.generation import worker
from chatbot_app.models import AnswerRun, Chat, Message, MessageChunk, Project
from chatbot_app.schemas import Turn
from chatbot_app.services import answers, chats
from tests.conftest import Person, person
from tests.generation.scripted import ScriptedModels, ended, grown_to

T = TypeVar("T")

PEOPLE = st.integers(0, 1)
PLACES = st.integers(0, 1000)
DEEDS = (
    *("end",) * 6,
    *("send", "edit", "regenerate") * 3,
    *("retry", "go_on", "show_version") * 2,
    "delete",
    "pry",
)
"""What is done, the more often the more often it is named."""
ENDED_EARLY = {"stopped", "interrupted", "failed"}
GOES_ON = {"stopped", "interrupted"}
HOWS = ["complete", "stopped", "interrupted", "failed"]

NO_LUCK = ModelError("No luck.", kind="other")


@dataclass
class Node:
    """A message as it has to be."""

    id: str
    parent: "Node | None"
    role: str
    text: str
    status: str = "complete"
    children: "list[Node]" = field(default_factory=list)

    def below(self) -> "list[Node]":
        return [self, *(node for child in self.children for node in child.below())]


@dataclass
class Tree:
    """A chat as it has to be. `roots` and `children` are in order of time."""

    id: str
    roots: list[Node] = field(default_factory=list)
    leaf: Node | None = None
    live: Node | None = None

    def siblings(self, node: Node) -> list[Node]:
        return node.parent.children if node.parent else self.roots

    def nodes(self) -> list[Node]:
        return [node for root in self.roots for node in root.below()]

    def shown(self) -> list[Node]:
        branch, node = [], self.leaf
        while node is not None:
            branch.append(node)
            node = node.parent
        return branch[::-1]


class Conversations(RuleBasedStateMachine):
    """Alice and Charlie, each with some chats, before one server."""

    run: Callable[[Coroutine[Any, Any, Any]], Any]
    model: ScriptedModels

    def __init__(self) -> None:
        super().__init__()
        names = (f"Alice-{uuid.uuid4().hex}", f"Charlie-{uuid.uuid4().hex}")
        self.people: list[Person] = [person(name) for name in names]
        self.trees: list[list[Tree]] = [[], []]
        self.clock = 0
        self.keys: dict[str, tuple[int, str | None, str]] = {}

    def teardown(self) -> None:
        for who in (0, 1):
            for tree in self.trees[who]:
                if tree.live:
                    self.run(answers.stop(self.people[who].id, tree.id))

    # What people do

    @initialize(how=st.sampled_from(HOWS), then=st.sampled_from(["retry", "go on", "nothing"]))
    def talk(self, how: str, then: str) -> None:
        """Have two turns first, for little can go wrong where nothing was said."""
        self.send(0, 0, True)
        self.end(0, "complete")
        self.send(0, 0, False)
        self.end(0, how)
        if then == "retry":
            self.retry(0, 0, True)
        elif then == "go on":
            self.go_on(0, 0, True)

    # One rule for all of it: of several, an example leaves many out, and does little with the rest.
    @rule(
        what=st.sampled_from(DEEDS),
        who=PEOPLE,
        place=PLACES,
        is_so=st.booleans(),
        how=st.sampled_from(HOWS),
    )
    def act(self, what: str, who: int, place: int, is_so: bool, how: str) -> None:
        if what == "end":
            self.end(place, how)
        elif what in ("send", "edit", "retry", "go_on"):
            getattr(self, what)(who, place, is_so)
        else:
            getattr(self, what)(who, place)

    def send(self, who: int, place: int, is_new: bool) -> None:
        trees = self.trees[who]
        tree = None if is_new or not trees else trees[place % len(trees)]
        owner, text, key = self.people[who], self._text(), uuid.uuid4().hex
        ask = lambda: answers.send(  # noqa: E731
            owner.id, owner.project_id, tree.id if tree else None, text, key
        )
        if tree and tree.live:
            self._refused(ask())
            return
        turn: Turn = self.run(ask())
        if tree is None:
            tree = Tree(turn.chat.id)
            trees.append(tree)
        self._grown(tree, turn, tree.leaf, text)
        again: Turn = self.run(ask())  # the same once more, by a double click
        assert (again.question.id, again.answer.id) == (turn.question.id, turn.answer.id)

    def edit(self, who: int, place: int, is_question: bool) -> None:
        if (found := self._find(who, place)) is None:
            return
        tree, node = found
        if is_question and node.role != "user" and node.parent:
            node = node.parent
        text, key = self._text(), uuid.uuid4().hex
        ask = lambda: answers.edit(self.people[who].id, node.id, text, key)  # noqa: E731
        if node.role != "user" or tree.live:
            self._refused(ask())
            return
        turn: Turn = self.run(ask())
        self._grown(tree, turn, node.parent, text)
        assert self.run(ask()).question.id == turn.question.id

    def regenerate(self, who: int, place: int) -> None:
        if (found := self._find(who, place)) is None:
            return
        tree, node = found
        self._again(tree, node, answers.regenerate(self.people[who].id, node.id))

    def retry(self, who: int, place: int, at_end: bool) -> None:
        if (found := self._find(who, place, at_end=at_end)) is None:
            return
        tree, node = found
        is_live = tree.live and node.role == "assistant" and tree.live.parent is node.parent
        may = node is tree.leaf and node.status in ENDED_EARLY and not tree.live
        asked = answers.retry(self.people[who].id, node.id)
        if may or is_live:
            self._again(tree, node, asked)
        else:
            self._refused(asked)

    def go_on(self, who: int, place: int, at_end: bool) -> None:
        if (found := self._find(who, place, at_end=at_end)) is None:
            return
        tree, node = found
        asked = answers.resume(self.people[who].id, node.id)
        if node is tree.leaf and node.status in GOES_ON and node.text:
            self.run(asked)
            node.status, tree.live = "generating", node
        elif node is tree.live:
            self.run(asked)
        else:
            self._refused(asked)

    def show_version(self, who: int, place: int) -> None:
        if (found := self._find(who, place)) is None:
            return
        tree, node = found
        asked = answers.show_version(self.people[who].id, node.id)
        if tree.live:
            self._refused(asked)
            return
        self.run(asked)
        tree.leaf = self._newest(node)

    def delete(self, who: int, place: int) -> None:
        if (found := self._find(who, place)) is None:
            return
        tree, node = found
        is_left = self.run(answers.delete_message(self.people[who].id, node.id))
        versions, gone = tree.siblings(node), node.below()
        number = versions.index(node)
        others = [*reversed(versions[:number]), *versions[number + 1 :]]
        versions.remove(node)
        if tree.live in gone:
            tree.live = None
        if tree.leaf in gone:
            tree.leaf = self._newest(others[0]) if others else node.parent
        assert is_left == bool(tree.roots)
        if not is_left:
            self.trees[who].remove(tree)

    # What the model does

    def end(self, place: int, how: str) -> None:
        live = [(w, tree) for w in (0, 1) for tree in self.trees[w] if tree.live]
        if not live:
            return
        who, tree = live[place % len(live)]
        assert tree.live
        self.run(self._end(self.people[who], tree, tree.live, how))
        tree.live = None

    async def _end(self, owner: Person, tree: Tree, node: Node, how: str) -> None:
        engine = worker.engine()
        generation = engine.find(uuid.UUID(node.id))
        assert generation
        assert node.parent
        script = self.model.asked(node.parent.text)
        if how == "complete":
            node.text += " An answer."
            script.says(" An answer.", None)
        elif how == "stopped":
            node.text += " Half of"
            script.says(" Half of")
            await grown_to(engine, generation, node.text)
            await answers.stop(owner.id, tree.id)
        elif how == "interrupted":
            node.text += " Half of"
            script.says(" Half of", NO_LUCK)
        else:
            script.says(NO_LUCK)
            how = "interrupted" if node.text else "failed"  # what was said before is kept
        await ended(generation)
        node.status = how

    # What a stranger can't

    def pry(self, who: int, place: int) -> None:
        if (found := self._find(who, place)) is None:
            return
        stranger = self.people[1 - who].id
        for attempt in (
            answers.edit(stranger, found[1].id, "Mine", ""),
            answers.regenerate(stranger, found[1].id),
            answers.retry(stranger, found[1].id),
            answers.resume(stranger, found[1].id),
            answers.show_version(stranger, found[1].id),
            answers.delete_message(stranger, found[1].id),
        ):
            with pytest.raises(NotFound):
                self.run(attempt)

    # What holds always

    @invariant()
    def each_sees_what_they_should(self) -> None:
        for owner, trees in zip(self.people, self.trees, strict=True):
            listed = chats.list_page(owner.id, owner.project_id).chats
            assert {chat.id for chat in listed} == {tree.id for tree in trees}
            for tree in trees:
                page = chats.open_page(owner.id, owner.project_id, tree.id, limit=100)
                branch = tree.shown()
                assert [m.id for m in page.messages] == [node.id for node in branch]
                for view, node in zip(page.messages, branch, strict=True):
                    versions = [version.id for version in tree.siblings(node)]
                    assert (view.role, view.status) == (node.role, node.status)
                    assert view.versions == len(versions)
                    assert versions[view.version - 1] == node.id
                    if node.status != "generating":
                        assert "".join(view.blocks) == node.text

    @invariant()
    def the_tables_hold_together(self) -> None:
        owners = [owner.id for owner in self.people]
        with db.session() as session:
            rows = session.exec(
                select(Message, Project.user_id)
                .join(Chat, col(Chat.id) == col(Message.chat_id))
                .join(Project, col(Project.id) == col(Chat.project_id))
                .where(col(Project.user_id).in_(owners))
            ).all()
            there = {str(row.id): (row, owner) for row, owner in rows}
            runs = {str(run) for run in session.exec(select(AnswerRun.message_id))}
            chunks = {str(chunk) for chunk in session.exec(select(MessageChunk.message_id))}
            leaves = {
                str(chat.id): str(chat.active_leaf_id) for chat in session.exec(select(Chat)).all()
            }
        expected = {
            node.id: (tree, node, owners[who])
            for who in (0, 1)
            for tree in self.trees[who]
            for node in tree.nodes()
        }
        assert there.keys() == expected.keys(), "a message was lost, or left behind"
        for message_id, (tree, node, owner) in expected.items():
            row, its_owner = there[message_id]
            assert its_owner == owner
            assert str(row.chat_id) == tree.id
            assert row.parent_id == (uuid.UUID(node.parent.id) if node.parent else None)
        generating = {key for key, (row, _) in there.items() if row.status == "generating"}
        assert generating == runs & there.keys()
        assert chunks & there.keys() <= generating
        for trees in self.trees:
            for tree in trees:
                assert tree.leaf
                assert leaves[tree.id] == tree.leaf.id

    # How the model keeps up

    def _text(self) -> str:
        self.clock += 1
        return f"Question {self.clock}"

    def _find(self, who: int, place: int, *, at_end: bool = False) -> tuple[Tree, Node] | None:
        """Any message of any chat of theirs, shown or not; with `at_end` the last that is shown
        in a chat where nothing is written."""
        if at_end:
            ends = [(tree, tree.leaf) for tree in self.trees[who] if tree.leaf and not tree.live]
            return ends[place % len(ends)] if ends else None
        nodes = [(tree, node) for tree in self.trees[who] for node in tree.nodes()]
        return nodes[place % len(nodes)] if nodes else None

    def _grown(self, tree: Tree, turn: Turn, parent: Node | None, text: str) -> None:
        asked = Node(turn.question.id, parent, "user", text)
        (parent.children if parent else tree.roots).append(asked)
        self._answering(tree, asked, turn.answer.id)

    def _answering(self, tree: Tree, asked: Node, answer_id: str) -> None:
        answer = Node(answer_id, asked, "assistant", "", "generating")
        asked.children.append(answer)
        tree.leaf = tree.live = answer

    def _again(self, tree: Tree, node: Node, asked: Coroutine[Any, Any, Turn]) -> None:
        question = node if node.role == "user" else node.parent
        assert question
        if tree.live and tree.live.parent is question:
            assert self.run(asked).answer.id == tree.live.id
        elif tree.live:
            self._refused(asked)
        else:
            self._answering(tree, question, self.run(asked).answer.id)

    def _newest(self, node: Node) -> Node:
        """The end of the branch through this one that was begun last."""
        with db.session() as session:
            ids = [uuid.UUID(below.id) for below in node.below() if not below.children]
            order = (col(Message.created_at).desc(), col(Message.id).desc())
            newest = session.exec(
                select(Message.id).where(col(Message.id).in_(ids)).order_by(*order)
            )
            newest_id = str(newest.first())
        return next(below for below in node.below() if below.id == newest_id)

    def _refused(self, asked: Coroutine[Any, Any, Any]) -> None:
        with pytest.raises(Conflict):
            self.run(asked)


@pytest.fixture
def conversations(database: str) -> Iterator[type[Conversations]]:
    """Give the machine before an engine on a loop of its own, on which all that it does is run."""
    with asyncio.Runner() as runner:
        model = ScriptedModels()

        async def begin() -> None:
            await worker.open_engine(model, shutdown_seconds=0.05, heartbeat_seconds=0.1)

        runner.run(begin())
        Conversations.run, Conversations.model = staticmethod(runner.run), model
        yield Conversations
        runner.run(worker.close_engine())


def test_no_sequence_of_what_people_do_corrupts_a_conversation(
    conversations: type[Conversations], long: bool
):
    run_state_machine_as_test(
        conversations,
        settings=settings(
            max_examples=300 if long else 10,
            stateful_step_count=50 if long else 25,
            deadline=None,
            database=None,
            # A shorter example of a failure takes minutes to find.
            phases=tuple(Phase) if long else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
