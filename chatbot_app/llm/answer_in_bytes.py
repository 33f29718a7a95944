"""An answer in the bytes of a provider's stream."""

from collections.abc import Iterator

from chatbot_app.errors import ModelError
from chatbot_app.llm import deltas, failures, sse
from chatbot_app.llm.protocol import Usage
from chatbot_app.llm.think_tags import ThinkTags


class AnswerInBytes:
    """One answer as it is read: the thoughts and the text in its bytes, and how it ended.

    A failure is kept rather than raised, so that the text before it in the same read is not lost.
    """

    def __init__(self, content_type: str, model: str) -> None:
        self.has_ended = False
        self.failure: ModelError | None = None
        self.usage: Usage | None = None
        self.is_alive = False
        """Whether the model itself gave a sign in what was read last."""
        self.is_said = False
        """Whether its last sign was the end of the answer, so that only a count may follow."""
        self._model = model
        # A provider that can't stream, or failed before it began to, may send one JSON object.
        is_json = content_type.startswith("application/json")
        self._events = _WholeBody() if is_json else sse.EventParser()
        self._storable = deltas.StorableText()
        self._storable_thoughts = deltas.StorableText()
        self._tags = ThinkTags()
        self._thoughts: list[str] = []
        self._texts: list[str] = []
        self._heard_model = False
        self._finish_reason: str | None = None
        self._has_text = False
        self._has_thoughts = False

    def take(self, received: bytes) -> tuple[str, str]:
        """Give the thoughts and the text in these bytes."""
        return self._collect(self._events.feed(received), on_nonsense="malformed")

    def end(self) -> tuple[str, str]:
        """The provider closed the stream: give the last thoughts and text, if any were waiting."""
        # An event that breaks off in its middle is the connection's fault, not the format's.
        last = self._collect(self._events.finish(), on_nonsense="cut")
        if self.has_ended:
            return last
        if self._finish_reason:
            self._complete()
        else:
            self._fail(failures.failure("cut" if self._heard_model else "malformed"))
        rest = self._take_out()
        return last[0] + rest[0], last[1] + rest[1]

    def _collect(self, events: Iterator[str], *, on_nonsense: failures.Kind) -> tuple[str, str]:
        self.is_alive = False
        try:
            for data in events:
                if self.has_ended:
                    break
                self._read(data)
        except (deltas.Malformed, sse.EventTooLong):
            self._fail(failures.failure(on_nonsense))
        return self._take_out()

    def _take_out(self) -> tuple[str, str]:
        taken = "".join(self._thoughts), "".join(self._texts)
        self._thoughts.clear()
        self._texts.clear()
        return taken

    def _read(self, data: str) -> None:
        if data.strip() == deltas.DONE:
            self._complete()
            return
        delta = deltas.read(data)
        if delta.error:
            self._fail(failures.from_stream(delta.error, model=self._model))
            return
        if delta.is_from_model:
            self.is_alive = self._heard_model = True
            self.is_said = delta.finish_reason is not None
        if delta.finish_reason:
            self._finish_reason = delta.finish_reason
        if delta.usage:
            self.usage = delta.usage
        if delta.thought:
            self._note(self._storable_thoughts.take(delta.thought), "")
        if delta.text:
            self._note_content(self._storable.take(delta.text))

    def _complete(self) -> None:
        self._end()
        if not self._has_text:
            self.failure = failures.empty(self._finish_reason, has_thoughts=self._has_thoughts)
        elif self._finish_reason == "length":
            self.failure = failures.failure("length")

    def _fail(self, failure: ModelError) -> None:
        self._end()
        self.failure = failure

    def _end(self) -> None:
        """Let nothing wait any more: what comes with a failure was said all the same."""
        self.has_ended = True
        self._note(self._storable_thoughts.finish(), "")
        self._note_content(self._storable.finish())
        self._note(*self._tags.finish())

    def _note_content(self, content: str) -> None:
        self._note(*self._tags.take(content))

    def _note(self, thought: str, text: str) -> None:
        if thought:
            self._thoughts.append(thought)
            self._has_thoughts = True
        if text:
            self._texts.append(text)
            self._has_text = self._has_text or not text.isspace()


class _WholeBody:
    """A body that is one JSON object, in the manner of an event parser."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, received: bytes) -> Iterator[str]:
        self._received += received
        if len(self._received) > sse.MAX_EVENT_BYTES:
            raise sse.EventTooLong
        return iter(())

    def finish(self) -> Iterator[str]:
        yield self._received.decode("utf-8", errors="replace")
