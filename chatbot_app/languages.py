"""The finished pages in every language, and the sentences that scripts and server say.

Pages are prerendered once, with every sentence marked as `assets/sentences.js` does it. Here each of
them is said in each language, before the bundle is compressed: whoever reads German gets a German
page from its first byte, and React finds in it what it would draw itself. `loading` serves them.
"""

import html
import json
import re
from pathlib import Path
from typing import Unpack

from reflex.utils.prerequisites import get_web_dir
from reflex_base.plugins.base import Plugin, PostBuildContext

from chatbot_app import words
from chatbot_app.bundle import BACKEND, WORDS

_MARKED = re.compile(
    "\ue000([^\ue000\ue003]*)\ue003"
)  # the innermost: a value may be a sentence too
_GAP = re.compile(r"\{(\w+)\}")
_ENGLISH_PAGE = '<html lang="en"'
SCRIPT = "words.js"
SIDE = "|"
SEEN = (
    "chatbot_app/components/",
    "chatbot_app/pages/",
    "chatbot_app/services/audit_log.py",
    "assets/",
)

Sentences = dict[str, str]


class Languages(Plugin):
    """Makes a page for each language of every page that is built."""

    def post_build(self, **context: Unpack[PostBuildContext]) -> None:
        """Say what is marked in the pages, and compile the catalogues."""
        server = get_web_dir() / BACKEND / WORDS
        server.mkdir(parents=True, exist_ok=True)
        for language in words.LANGUAGES:
            if language != words.ENGLISH:
                _write(server / f"{language}.json", _json(words.read(language)))
        translate(context["static_dir"])


def translate(static: Path) -> None:
    """Put beside the pages those in other languages, with the script that knows the same sentences,
    and let their own say English.
    """
    pages = {page: page.read_text("utf-8") for page in static.rglob("*.html")}
    for language in words.LANGUAGES:
        sentences, place = {}, static
        if language != words.ENGLISH:
            sentences, place = words.read(language), static / WORDS / language
            _write(place / SCRIPT, with_sentences((static / SCRIPT).read_text("utf-8"), language))
        for path, page in pages.items():
            _write(place / path.relative_to(static), in_language(page, language, sentences))


def in_language(page: str, language: str, sentences: Sentences) -> str:
    """Say every marked sentence of a page."""
    page = page.replace(_ENGLISH_PAGE, f'<html lang="{language}"', 1)
    count = 1
    while count:
        page, count = _MARKED.subn(lambda found: _said(found[1], sentences), page)
    return page


def _said(marked: str, sentences: Sentences) -> str:
    """One sentence, escaped as the text of a page is; what stands for a value is already."""
    sentence, *given = marked.split("\ue001")
    values = dict(value.split("\ue002", 1) for value in given)
    plain = html.unescape(sentence)
    said = html.escape(sentences.get(plain, plain))
    if SIDE in values:
        name, side = values[SIDE].split(" ")
        return said.split(f"{{{name}}}")[int(side)]
    return _GAP.sub(lambda gap: values.get(gap[1], gap[0]), said)


def with_sentences(script: str, language: str) -> str:
    """The script of the page, behind what it and the pages say in this language."""
    known = {"language": language, "sentences": words.read(language, within=SEEN)}
    return f"window.chatbotWords = {_json(known)};\n{script}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
