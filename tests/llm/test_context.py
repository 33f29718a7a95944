"""What of a conversation is sent: the prompt, the newest message, and as much before it as fits."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot_app.llm import context
from chatbot_app.llm.context import MESSAGE_OVERHEAD, estimate_tokens, fit
from chatbot_app.llm.protocol import PromptMessage


def user(content: str) -> PromptMessage:
    return PromptMessage("user", content)


def assistant(content: str) -> PromptMessage:
    return PromptMessage("assistant", content)


def costing(tokens: int) -> str:
    """A text whose message costs this much."""
    return "x" * 4 * (tokens - MESSAGE_OVERHEAD)


CHAT = (user("first"), assistant("reply"), user("second"), assistant("reply 2"), user("third"))


def test_four_bytes_are_a_token_rounded_up() -> None:
    assert estimate_tokens("") == MESSAGE_OVERHEAD
    assert estimate_tokens("abcd") == MESSAGE_OVERHEAD + 1
    assert estimate_tokens("abcde") == MESSAGE_OVERHEAD + 2
    assert estimate_tokens("🌊🌊") == MESSAGE_OVERHEAD + 2


def test_everything_is_sent_in_reading_order_when_it_fits() -> None:
    assert fit("Be kind.", reversed(CHAT), 16_000) == (PromptMessage("system", "Be kind."), *CHAT)


def test_a_blank_system_prompt_is_not_sent() -> None:
    assert fit(" \n", reversed(CHAT), 16_000) == CHAT


def test_the_oldest_messages_are_left_out_first() -> None:
    history = [user(costing(10)), assistant(costing(10)), user(costing(10)), assistant(costing(10))]
    assert fit("", history, 35) == tuple(reversed(history[:3]))


def test_system_prompt_and_newest_message_are_sent_even_if_too_long() -> None:
    long = costing(500)
    assert fit(long, [user(long), assistant("a"), user("b")], 100) == (
        PromptMessage("system", long),
        user(long),
    )


def test_the_history_does_not_begin_with_an_answer_without_its_question() -> None:
    history = [user(costing(10)), assistant(costing(10)), user(costing(50))]
    assert fit("", history, 25) == (history[0],)


def test_an_answer_that_is_the_newest_message_is_sent() -> None:
    assert fit("", [assistant("to be continued")], 1) == (assistant("to be continued"),)


def test_an_empty_chat_sends_the_system_prompt_alone() -> None:
    assert fit("Be kind.", [], 100) == (PromptMessage("system", "Be kind."),)
    assert fit("", [], 100) == ()


def test_no_more_history_is_read_than_is_needed() -> None:
    read = 0

    def endless() -> Iterator[PromptMessage]:
        nonlocal read
        while True:
            read += 1
            yield user(costing(10))

    assert len(fit("", endless(), 100)) == 10
    assert read <= 11


@given(
    contents=st.lists(st.text(max_size=80), min_size=1, max_size=12),
    system=st.text(max_size=80),
    limit=st.integers(0, 200),
)
def test_what_is_sent_fits_or_is_the_least_possible(
    contents: list[str], system: str, limit: int
) -> None:
    history = [(user if i % 2 == 0 else assistant)(text) for i, text in enumerate(contents)]
    sent = fit(system, history, limit)
    chat = [message for message in sent if message.role != "system"]
    assert chat == list(reversed(history[: len(chat)]))
    assert chat[0].role == "user"
    total = sum(estimate_tokens(message.content) for message in sent)
    assert total <= limit or len(chat) == 1


def test_each_message_is_measured_once_however_long_the_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = [(user if i % 2 == 0 else assistant)(costing(10)) for i in range(5000)]
    measured = 0

    def counting(text: str) -> int:
        nonlocal measured
        measured += len(text)
        return estimate_tokens(text)

    monkeypatch.setattr(context, "estimate_tokens", counting)
    sent = fit("Be kind.", history, 40_000)

    assert len(sent) == 4000
    assert measured <= sum(len(message.content) for message in sent) + len(history[0].content)
