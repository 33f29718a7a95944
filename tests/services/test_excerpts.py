"""What was typed is taken apart, and found in a text, as the index does it."""

import time

import pytest

from chatbot_app.repositories.search import Words
from chatbot_app.schemas import TextPart
from chatbot_app.services import excerpts


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", []),
        (' * "" --', []),
        ("one", [Words("one", is_prefix=True)]),
        ("one ", [Words("one")]),
        ("one t", [Words("one"), Words("t")]),
        ("one 鷗", [Words("one"), Words("鷗", is_prefix=True)]),
        ('a "b c" d-e', [Words("a"), Words("b c"), Words("d-e")]),
        ('"b c', [Words("b c")]),
        ('"b cd', [Words("b cd", is_prefix=True)]),
        ('x"y z"w', [Words("x"), Words("y z"), Words("w")]),
        ("one\x00two", [Words("one"), Words("two", is_prefix=True)]),
    ],
)
def test_a_query_is_words_and_phrases_and_the_last_may_go_on(query: str, wanted: list[Words]):
    assert excerpts.wanted(query) == wanted


def test_an_excerpt_begins_near_the_first_hit_and_marks_each():
    text = "word " * 100 + "The **Größe** of\n\n`it`, not the grosse one, größer. " + "end " * 100
    parts = excerpts.excerpt(text, [Words("größe"), Words("groß", is_prefix=True)])
    shown = "".join(part.text for part in parts)

    assert shown.startswith("…word ")
    assert shown.endswith("…")
    assert "The Größe of it, not" in shown
    assert len(shown) < 220
    assert [part.text for part in parts if part.is_hit] == ["Größe", "größ"]


def test_without_a_hit_an_excerpt_is_the_beginning():
    assert excerpts.excerpt("Some words", [Words("nowhere")]) == [TextPart("Some words")]


def test_an_excerpt_of_a_very_long_text_takes_no_time():
    text = "aaaa bbbb-cccc " * 40_000 + "needle in it"
    began = time.process_time()
    parts = excerpts.excerpt(text, [Words("needle in"), Words("cccc dddd")])

    assert [part.text for part in parts if part.is_hit] == ["needle in"]
    assert time.process_time() - began < 0.5
