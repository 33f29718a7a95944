"""The server stops or dies in mid-answer, and comes back."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browsers import OpenPage
from tests.e2e.steps import (
    answer,
    button,
    expect_status,
    message_id,
    messages,
    send,
    sign_up,
    text_of,
)
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.served import Served

PIECES = ("Half of it ", "is here, ", "and half ", "is not.")


def test_sigterm_saves_the_text_so_far_and_nobody_has_to_sign_in_again(
    start_app: Callable[[FakeProvider], Served], provider: FakeProvider, open_page: OpenPage
) -> None:
    provider.enqueue(Answer(pieces=PIECES, gate=Gate(after=2)))
    served = start_app(provider)
    page = open_page(served=served)
    sign_up(page, "Alice")
    send(page, "Tell me all of it")
    expect(answer(page)).to_contain_text("Half of it is here,")
    interrupted = message_id(answer(page))

    assert served.terminate() == 0, served.log
    assert "Traceback" not in served.log
    assert served.message(interrupted) == ("interrupted", "Half of it is here, ")

    served.start()
    page.reload()
    expect_status(page, "interrupted")
    expect(messages(page, "user")).to_have_text("Tell me all of it")
    assert text_of(answer(page)) == "Half of it is here,"
    provider.default = Answer(text="All of it.")
    button(answer(page), "Retry").click()
    expect_status(page, "complete")
    assert text_of(answer(page)) == "All of it."


def test_what_a_killed_process_was_writing_is_interrupted_at_the_next_start(
    start_app: Callable[[FakeProvider], Served], provider: FakeProvider, open_page: OpenPage
) -> None:
    provider.enqueue(Answer(pieces=PIECES, gate=Gate(after=2)))
    served = start_app(provider)
    page = open_page(served=served)
    sign_up(page, "Alice")
    send(page, "Tell me all of it")
    expect(answer(page)).to_contain_text("Half of it is here,")
    orphan = message_id(answer(page))

    served.kill()
    assert served.message(orphan)[0] == "generating"
    served.start()
    assert served.message(orphan)[0] == "interrupted"
    page.reload()
    expect_status(page, "interrupted")
    expect(messages(page, "user")).to_have_text("Tell me all of it")
    provider.default = Answer(text="All of it.")
    button(answer(page), "Retry").click()
    expect_status(page, "complete")
    assert text_of(answer(page)) == "All of it."
