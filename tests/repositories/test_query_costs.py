"""What people do costs what it gives, however much else there is.

To read with an index is not enough for that, for it may be the wrong one. What is counted are the
steps of SQLite's machine and the pages that PostgreSQL looks into.
"""

from collections.abc import Callable
from functools import partial

from chatbot_app import db
from chatbot_app.generation import records
from chatbot_app.repositories import answer_runs, messages
from chatbot_app.repositories.answer_runs import Chunk
from chatbot_app.services import turns
from tests.crowd import CHUNKS, Crowd, Home
from tests.repositories.paths import looking
from tests.statements import cost_of_queries, noted

LENGTHS = (500, 1000, 2000)

SLACK = 200
"""Steps or pages more that mean nothing: a deeper index, a few more projects."""


def cost(path: Callable[[], object]) -> int:
    with noted() as said:
        path()
    return cost_of_queries(said)


def test_what_one_looks_at_costs_the_same_however_much_one_has(crowd: Crowd):
    dear: dict[str, tuple[int, int]] = {}
    cheap = looking(crowd.neighbour)
    for name, path in looking(crowd.owner).items():
        little, much = cost(cheap[name]), cost(path)
        if much > 2 * little + SLACK:
            dear[name] = (little, much)

    assert dear == {}


def test_a_question_costs_the_same_however_long_the_chat_is(
    crowd: Crowd, settings: Callable[..., None]
):
    settings(CONTEXT_TOKENS=1000)

    def ask(home: Home) -> None:
        _turn, job = turns.begin(home.user_id, home.project_id, home.chat_id, "Next")
        assert job
        records.finish(
            [records.Outcome(job.message_id, job.run_id, content="", status="failed", error="")]
        )

    little, much = cost(lambda: ask(crowd.neighbour)), cost(lambda: ask(crowd.owner))

    assert much < 2 * little


def test_to_go_through_a_branch_costs_what_it_is_long(crowd: Crowd):
    user, branch = crowd.owner.user_id, crowd.long_branch

    def go_down(length: int) -> None:
        with db.session() as session:
            messages.find_newest_below(session, user, branch[-length])

    def go_up(length: int) -> None:
        with db.session() as session:
            assert len(list(messages.walk_up(session, user, branch[length - 1]))) == length

    for go in (go_down, go_up):
        short, middle, long = (cost(partial(go, length)) for length in LENGTHS)
        assert long - middle < 2.5 * (middle - short)


def test_what_is_new_of_an_answer_costs_the_same_however_long_it_is(crowd: Crowd):
    followed = crowd.live[:3]

    def look() -> None:
        records.look([], {one.message_id: CHUNKS - 1 for one in followed})

    before = cost(look)
    with db.session(write=True) as session:
        for one in followed:
            # Before what is there already, so that there is as little news as there was.
            told = [Chunk(one.message_id, one.run_id, -seq, "words ") for seq in range(1, 5000)]
            answer_runs.add_chunks(session, told)

    assert cost(look) <= before + SLACK
