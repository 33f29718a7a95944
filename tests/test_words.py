"""Every sentence for people is marked, in the catalogue, and said in every language."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.jslexer import tokenize
from babel.messages.pofile import read_po

from chatbot_app import callers, words
from chatbot_app.config import PROJECT_ROOT
from chatbot_app.words import LANGUAGES, choose, t

PACKAGE = PROJECT_ROOT / "chatbot_app"
OTHERS = [language for language in LANGUAGES if language != words.ENGLISH]
MARKS = {"t", "mark", "around", "say"}
GAP = re.compile(r"\{(\w+)\}")

NAMES = {"Chatbot Platform", "Enter", "Shift", "Esc", "Mod", "Ctrl", "OPENAI_API_KEY"}
"""What is called the same in every language, and the keys of a keyboard."""

# Text by its place: what React shows, and what is read out. Elsewhere by its look.
SPOKEN = {"aria_label", "placeholder", "title", "label", "alt", "hint", "submit", "data_tip"}
UNSPOKEN = {"class_name", "custom_attrs", "d"}
NO_TEXT = {"rx.icon", "rx.Var", "rx.redirect", "rx.match", "rx.cond", "rx.call_function"}
SENTENCE = re.compile(r"(^|[\s“„(])[A-Z]([a-z]|\s)|[a-z] ?[.?!:…]$")


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (PACKAGE / folder).rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT_ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def marked() -> frozenset[str]:
    """Every sentence that `scripts/words` finds."""
    with (words.LOCALES / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(PROJECT_ROOT, methods, options, keywords=dict.fromkeys(MARKS))
    return frozenset(sentence for _, _, sentence, _, _ in found if isinstance(sentence, str))


@cache
def catalogue(language: str) -> Catalog:
    with (words.LOCALES / language / "LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file)


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_in_the_catalogue_and_translated(language: str) -> None:
    known = {str(message.id): message for message in messages(language)}
    assert sorted(marked() - known.keys()) == [], "run scripts/words and translate these"
    assert sorted(known.keys() - marked()) == [], "run scripts/words: nobody says these any more"
    assert [said for said, message in known.items() if not message.string] == []
    assert [said for said, message in known.items() if message.fuzzy] == []
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", OTHERS)
def test_translations_hold_the_same_values(language: str) -> None:
    for message in messages(language):
        said, meant = str(message.string), str(message.id)
        assert sorted(GAP.findall(said)) == sorted(GAP.findall(meant)), meant
        assert said == said.strip(), meant


def test_german_is_set_as_german_is() -> None:
    for message in messages("de"):
        said = str(message.string)
        assert '"' not in said and "“" not in GAP.sub("", re.sub("„[^“]*“", "", said)), said
        assert not re.search(r" [,.;:?!]| - |\.\.\.", said), said
        assert not re.search(
            r"\b(Sie|Ihnen|Ihre?[mnrs]?)\b(?! (ist|sind|wird|werden|bleib))", said
        ) or (re.search(r"(^|[.:!?] )Sie (wird|werden|ist|sind|bleib)", said)), (
            f"not the friendly form: {said}"
        )


def calls(path: Path) -> Iterator[tuple[ast.Call, ast.expr]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in MARKS - {"say"}:
            yield node, node.args[0]


@pytest.mark.parametrize("path", modules("."), ids=name)
def test_sentences_are_plain_and_given_what_they_name(path: Path) -> None:
    for call, sentence in calls(path):
        where = f"{name(path)}:{call.lineno}"
        assert not isinstance(sentence, ast.JoinedStr | ast.BinOp), f"{where}: write one literal"
        if isinstance(sentence, ast.Constant):
            assert sentence.value in marked(), (
                f"{where}: not found; take it out of what is around it"
            )
            given = {keyword.arg for keyword in call.keywords}
            if isinstance(call.func, ast.Name) and call.func.id != "mark":
                assert given == set(GAP.findall(sentence.value)), where


def unmarked(module: ast.Module) -> Iterator[str]:
    """What looks like text for people and is said in English to everybody."""
    parents = {child: node for node in ast.walk(module) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(module):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        parent, written = parents[node], node.value
        if isinstance(parent, ast.JoinedStr):
            parent = parents[parent]
        if isinstance(parent, ast.Expr | ast.Compare | ast.Subscript | ast.Assign | ast.AnnAssign):
            continue
        is_text = bool(SENTENCE.search(written))
        if isinstance(parent, ast.keyword):
            is_text = parent.arg in SPOKEN or (is_text and parent.arg not in UNSPOKEN)
        elif isinstance(parent, ast.Call):
            function = ast.unparse(parent.func)
            if function in MARKS:
                continue
            is_text = is_text or (
                function.startswith("rx.") and function not in NO_TEXT and node in parent.args
            )
        if is_text and re.search("[A-Za-z]", written) and written not in NAMES:
            yield f"line {node.lineno}: {written!r}"


@pytest.mark.parametrize("path", modules("components", "pages"), ids=name)
def test_no_text_of_the_pages_goes_unmarked(path: Path) -> None:
    assert list(unmarked(tree(path))) == [], 'say it with t("…")'


ERRORS = re.compile(
    "InvalidInput|NotSignedIn|WrongCredentials|CodeNeeded|Forbidden|NotFound|Conflict"
    "|TooManyAttempts|Unavailable|ModelError|JSONResponse"
    r"|text\.line|text\.passage"  # they name a field, and their errors begin with it
)


@pytest.mark.parametrize(
    "path",
    modules("api", "services", "state", "repositories", "generation", "llm", "identity_providers"),
    ids=name,
)
def test_no_error_goes_unmarked(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call) or not ERRORS.fullmatch(ast.unparse(node.func)):
            continue
        for argument in node.args:
            parts = argument.values if isinstance(argument, ast.Dict) else [argument]
            for part in parts:
                is_raw = isinstance(part, ast.Constant) and SENTENCE.search(str(part.value))
                assert not (is_raw or isinstance(part, ast.JoinedStr)), (
                    f'{name(path)}:{node.lineno}: say it with t("…")'
                )


@pytest.mark.parametrize("path", modules("api", "services", "state"), ids=name)
def test_numbers_are_written_as_the_reader_writes_them(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            assert "," not in ast.unparse(node.format_spec), (
                f"{name(path)}:{node.lineno}: words.number writes it"
            )


@pytest.mark.parametrize("path", sorted((PROJECT_ROOT / "assets").glob("*.js")), ids=name)
def test_no_text_of_the_scripts_goes_unmarked(path: Path) -> None:
    before = ["", ""]
    for token in tokenize(path.read_text("utf-8"), jsx=False):
        is_said = before == ["say", "("] or before[0].endswith("Error")  # for the console
        if token.type in {"string", "template_string"} and not is_said:
            looks_spoken = re.match(r"[A-Z][\w'’]* [a-z]|[A-Z][a-z]+[.:?!]", token.value[1:-1])
            assert not looks_spoken, f"{name(path)}:{token.lineno}: say(…) {token.value}"
        before = [before[1], token.value]


@pytest.mark.parametrize(
    ("chosen", "accepted", "spoken"),
    [
        (None, "", "en"),
        (None, "de", "de"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "en-GB,en;q=0.9,de;q=0.8", "en"),
        (None, "fr-FR, fr;q=0.9, de;q=0.2", "de"),
        (None, "fr, *;q=0.1", "en"),
        (None, "de;q=0, en;q=0.1", "en"),
        (None, "DE", "de"),
        (None, ";;,q=,de;q=9,\x00" + "x," * 1000, "en"),
        ("en", "de", "en"),
        ("de", "en", "de"),
        ("tlh", "de", "de"),
    ],
)
def test_the_language_is_chosen_or_what_the_browser_likes_best(
    chosen: str | None, accepted: str, spoken: str
) -> None:
    assert choose(chosen, accepted) == spoken


@pytest.fixture
def german() -> Iterator[None]:
    callers.enter(callers.Caller(language="de"))
    yield
    callers.enter(callers.NOBODY)


def test_values_stand_where_the_language_wants_them(german: None) -> None:
    assert t("{program} on {system}", program="Firefox", system="Linux") == "Firefox auf Linux"
    assert words.number(1234567) == "1.234.567"
    assert words.number(2.5) == "2,5"


def test_what_nobody_translated_is_said_in_english(german: None) -> None:
    assert t("{name} wrote {{this}}.", name="Ada") == "Ada wrote {this}."
