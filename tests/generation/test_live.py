"""The text of an answer in memory: however many read it while it grows, each takes each word once."""

import uuid

from chatbot_app.generation.live import Generation

TOKENS = 20_000


def test_each_word_goes_to_the_journal_and_to_a_follower_once() -> None:
    generation = Generation(uuid.uuid4(), uuid.uuid4(), uuid.uuid4())
    journal, followed, position = list[str](), list[str](), 0
    for number in range(TOKENS):
        generation.append(f" word{number}")
        if number % 7 == 0:
            text, position = generation.read(position)
            followed.append(text)
        if number % 20 == 0:
            chunk = generation.unkept()
            assert chunk
            assert chunk.seq == len(journal)
            journal.append(chunk.text)
            generation.kept()
    followed.append(generation.read(position)[0])

    whole = generation.text
    assert "".join(followed) == whole
    assert "".join(journal) == whole.partition(f" word{TOKENS - 19}")[0]


def test_a_chunk_that_nobody_confirmed_is_offered_again_as_it_was() -> None:
    generation = Generation(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), "Begun, ")
    generation.append("once ")
    offered = generation.unkept()
    generation.append("more")

    assert generation.unkept() == offered
    generation.kept()
    second = generation.unkept()
    assert offered
    assert second
    assert (offered.text, second.text) == ("once ", "more")
    assert second.seq == offered.seq + 1
