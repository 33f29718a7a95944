"""Reading server-sent events: the same events, whatever the network did to their bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot_app.llm.sse import MAX_EVENT_BYTES, EventParser, EventTooLong


def events(*received: bytes) -> list[str]:
    parser = EventParser()
    found = [data for part in received for data in parser.feed(part)]
    return found + list(parser.finish())


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_ends_a_line(end: bytes) -> None:
    stream = b"data: one" + end * 2 + b"data: two" + end * 2
    assert events(stream) == ["one", "two"]
    assert events(*(bytes([byte]) for byte in stream)) == ["one", "two"]


def test_several_data_lines_are_one_event() -> None:
    assert events(b"data: one\ndata:two\ndata\ndata:  three\n\n") == ["one\ntwo\n\n three"]


def test_comments_and_other_fields_are_passed_over() -> None:
    stream = b": keep-alive\n\nevent: chunk\nid: 7\ndata: one\nretry: 10\n\ndatax: no\n\n"
    assert events(stream) == ["one"]


def test_an_event_is_given_as_soon_as_its_last_byte_is_there() -> None:
    parser = EventParser()
    assert list(parser.feed(b"data: one\r\n")) == []
    assert list(parser.feed(b"\r")) == ["one"]
    assert list(parser.feed(b"\ndata: two\n\n")) == ["two"]


def test_a_character_cut_in_two_comes_out_whole() -> None:
    stream = "data: é🌊鷗\n\n".encode()
    for place in range(len(stream)):
        assert events(stream[:place], stream[place:]) == ["é🌊鷗"]


def test_bytes_that_are_not_utf8_do_not_stop_the_stream() -> None:
    assert events(b"data: a\xffb\n\ndata: c\n\n") == ["a\ufffdb", "c"]


def test_a_byte_order_mark_at_the_beginning_is_passed_over() -> None:
    assert events(b"\xef\xbb\xbfdata: one\n\n", b"\xef\xbb\xbfdata: two\n\n") == ["one"]


def test_the_last_event_needs_no_empty_line() -> None:
    assert events(b"data: one\n\ndata: two\n") == ["one", "two"]
    assert events(b"data: one\n\ndata: two") == ["one", "two"]


def test_an_endless_line_is_refused_before_it_fills_the_memory() -> None:
    parser = EventParser()
    list(parser.feed(b"data: "))
    with pytest.raises(EventTooLong):
        for _ in range(MAX_EVENT_BYTES // 65_536 + 1):
            list(parser.feed(b"x" * 65_536))


def test_an_endless_event_of_short_lines_is_refused_too() -> None:
    parser = EventParser()
    with pytest.raises(EventTooLong):
        for _ in range(MAX_EVENT_BYTES // 50):
            list(parser.feed(b"data: " + b"x" * 50 + b"\n"))


def test_events_before_an_endless_line_are_still_given() -> None:
    found: list[str] = []
    with pytest.raises(EventTooLong):
        found.extend(EventParser().feed(b"data: one\n\ndata: " + b"x" * MAX_EVENT_BYTES + b"\n"))
    assert found == ["one"]


@given(
    lines=st.lists(st.sampled_from(["data: é", "data:🌊", ": c", "", "", "data", "id: 1"])),
    ends=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=1),
    size=st.integers(1, 9),
)
def test_cutting_the_bytes_elsewhere_changes_nothing(
    lines: list[str], ends: list[str], size: int
) -> None:
    text = "".join(line + ends[i % len(ends)] for i, line in enumerate(lines))
    stream = text.encode()
    assert events(*(stream[i : i + size] for i in range(0, len(stream), size))) == events(stream)
