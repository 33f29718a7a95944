"""How an answer looks to its reader: while it grows, when it is finished, and when it is hostile."""

import re

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browsers import OpenPage
from tests.e2e.steps import (
    answer,
    begin_chat,
    button,
    copied,
    expect_copied,
    expect_status,
    send,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider, Gate

RICH = r"""# Tides &amp; *times*

A **bold** word, an _old_ one, a ~~wrong~~ one, `a < b &amp; c`, and x &lt; y &copy; 2026.
One \*more\* thing\
on its own line.

- [x] cast *off* now
- [ ] wave
  1. inner
  2. list

3. third

   with a paragraph
4. fourth

> Quoted
> > twice

| Port | Fare |
| :--- | ---: |
| Møre | **40 €** |

---

See <https://example.org/a?b=1&c=2> or [the map](<https://example.org/my map> "A map").
![a chart](https://example.org/chart.png)
"""

HOSTILE = r"""<script>window.owned = 1</script>
<img src=x onerror="window.owned = 1"> <svg onload="window.owned = 1"><b>bold?</b>

<iframe srcdoc="<script>parent.owned = 1</script>"></iframe>

[a](javascript:window.owned=1) [b](java&#115;cript:window.owned=1) [c](&#x6A;avascript:window.owned=1)
[d](JaVaScRiPt:window.owned=1) [e](<java	script:window.owned=1>) [f]( javascript:window.owned=1)
[g](data:text/html,<script>window.owned=1</script>) [h](vbscript:x) <javascript:window.owned=1>
![i](javascript:window.owned=1) [j](//example.org) [k](x"onmouseover="window.owned=1)

$\href{javascript:window.owned=1}{click}$ $\htmlStyle{color:red}{x}$ $\includegraphics{https://example.org/x.png}$

```html"><img src=x onerror=window.owned=1>
<img src=x onerror=window.owned=1>
```

```html
<img src=x onerror=window.owned=1></code></pre><script>window.owned=1</script>
```

[ref]: javascript:window.owned=1

End of it.
"""


SELECT_TO_THE_WORD = """() => {
  const text = document.querySelector("article:last-of-type .prose");
  getSelection().setBaseAndExtent(text.querySelector("p"), 0, text.querySelector("em"), 1);
}"""


def prose(page: Page) -> Locator:
    """The text of the newest answer."""
    return answer(page).locator(".prose")


def shown(provider: FakeProvider, page: Page, text: str) -> Locator:
    """Have this text for an answer, finished."""
    provider.enqueue(Answer(text=text))
    sign_up(page, "Alice")
    begin_chat(page, "Go ahead")
    return prose(page)


def test_markdown_is_drawn_as_what_it_means(provider: FakeProvider, page: Page) -> None:
    inside = shown(provider, page, RICH)
    for _ in range(2):  # as it came, and as it is stored
        expect(inside.get_by_role("heading", level=1)).to_have_text("Tides & times")
        expect(inside.locator("h1 em")).to_have_text("times")
        expect(inside.locator("p strong")).to_have_text("bold")
        expect(inside.locator("del")).to_have_text("wrong")
        expect(inside.locator("p > code")).to_have_text("a < b &amp; c")
        expect(inside.locator("p").first).to_contain_text("x < y © 2026.")
        expect(inside.locator("p").first).to_contain_text("*more*")
        expect(inside.locator("p br")).to_have_count(1)
        done = inside.get_by_role("checkbox", name="cast off now", exact=True)
        expect(done).to_be_checked()
        expect(done).to_be_disabled()
        expect(
            inside.get_by_role("checkbox", name="wave", exact=True, disabled=True)
        ).not_to_be_checked()
        expect(inside.locator("ul ol > li")).to_have_text(["inner", "list"])
        expect(inside.locator("ol[start='3'] > li").first.locator("p")).to_have_text(
            ["third", "with a paragraph"]
        )
        expect(inside.locator("blockquote blockquote")).to_have_text("twice")
        expect(inside.locator("td").last).to_have_text("40 €")
        expect(inside.locator("td").last).to_have_css("text-align", "right")
        expect(inside.locator("hr")).to_have_count(1)
        links = inside.get_by_role("link")
        expect(links.nth(0)).to_have_attribute("href", "https://example.org/a?b=1&c=2")
        expect(links.nth(1)).to_have_attribute("href", "https://example.org/my%20map")
        expect(links.nth(1)).to_have_attribute("title", "A map")
        expect(links.nth(2)).to_have_text("Image from example.org")
        expect(links.nth(2)).to_have_attribute("href", "https://example.org/chart.png")
        expect(inside.locator("img")).to_have_count(0)
        page.reload()
        expect(inside.locator("h1")).to_be_visible()


def test_hostile_markdown_is_text_and_its_links_lead_nowhere(
    provider: FakeProvider, page: Page
) -> None:
    inside = shown(provider, page, HOSTILE)
    for _ in range(2):
        expect(inside).to_contain_text("End of it.")
        expect(inside.locator(".katex").first).to_be_attached()  # the formulas were drawn too
        expect(inside).to_contain_text("<script>window.owned = 1</script>")
        expect(inside).to_contain_text("<iframe srcdoc=")
        expect(inside.locator("script, iframe, img, object, embed, style, form")).to_have_count(0)
        expect(inside.locator("svg:not(.katex svg)")).to_have_count(0)
        hrefs = inside.locator("a").evaluate_all("links => links.map((a) => a.href)")
        assert len(hrefs) >= 10
        assert all(href == "" or href.startswith("http") for href in hrefs), hrefs
        attributes = inside.evaluate(
            "it => [...it.querySelectorAll('*')].flatMap((e) => e.getAttributeNames())"
        )
        assert not [name for name in attributes if name.startswith("on")]
        for link in inside.locator("a:not([href])").all():
            link.click()
        assert page.evaluate("window.owned") is None
        page.reload()


BROKEN = """| Port | Calls |
| --- | --- |
| Skagen<br>Denmark | *one*<br/>two<BR />three |

- item<br>of two lines

Not these: `<br>` <br class=x> </br> <brx> <hr>
"""


def test_a_line_is_broken_by_a_tag_for_a_table_has_no_other_way(
    provider: FakeProvider, page: Page
) -> None:
    inside = shown(provider, page, BROKEN)
    for _ in range(2):
        cells = inside.locator("td")
        expect(cells.first.locator("br")).to_have_count(1)
        assert cells.first.inner_text() == "Skagen\nDenmark"
        assert cells.last.inner_text() == "one\ntwo\nthree"
        assert inside.locator("li").inner_text() == "item\nof two lines"
        expect(inside.locator("p")).to_have_text("Not these: <br> <br class=x> </br> <brx> <hr>")
        assert copied(page, answer(page)).strip() == BROKEN.strip()
        page.reload()


def test_what_is_nested_too_deep_to_be_drawn_is_text_and_the_page_stays(
    provider: FakeProvider, page: Page
) -> None:
    deep = f"{'>' * 20_000} deep\n\n${'{' * 20_000}x{'}' * 20_000}$\n\nEnd of it."
    inside = shown(provider, page, deep)
    for _ in range(2):
        expect(inside).to_contain_text("End of it.")
        expect(button(page, "Send")).to_be_visible()
        page.reload()


def test_formulas_are_drawn_and_money_is_not(provider: FakeProvider, page: Page) -> None:
    text = (
        "It costs $5 and $6, or US$7.\n\nThe depth $d = 3.2$ and \\(e = 4\\).\n\n"
        "$$\nf(t) = f_0\n$$\n\nEnd \\[g = 1\\] here."
    )
    inside = shown(provider, page, text)
    expect(inside.locator("p").first).to_have_text("It costs $5 and $6, or US$7.")
    sources = inside.locator("annotation")
    expect(sources).to_have_text(["d = 3.2", "e = 4", "f(t) = f_0", "g = 1"])
    expect(inside.locator(".katex-display")).to_have_count(2)
    page.wait_for_function("() => document.fonts.check('16px KaTeX_Main')")


def test_a_formula_that_is_being_written_is_plain_until_it_is_whole(
    provider: FakeProvider, page: Page
) -> None:
    gate = Gate(after=1)
    provider.enqueue(Answer(pieces=("First.\n\n$$\nx = \\fra", "c{1}{2}\n$$\n\nDone."), gate=gate))
    sign_up(page, "Alice")
    send(page, "Go ahead")
    expect(prose(page)).to_contain_text("x = \\fra")
    expect(prose(page).locator(".katex, .katex-error")).to_have_count(0)
    gate.open()
    expect_status(page, "complete")
    expect(prose(page).locator(".katex-display annotation")).to_have_text("x = \\frac{1}{2}")


def test_code_is_plain_while_it_grows_and_coloured_when_it_is_finished(
    provider: FakeProvider, page: Page
) -> None:
    gate = Gate(after=1)
    code = "def tide(hour):\n    return hour"
    pieces = (f"So:\n\n```python\n{code}", " * 2\n```\n\nDone.")
    provider.enqueue(Answer(pieces=pieces, gate=gate))
    sign_up(page, "Alice")
    send(page, "Go ahead")
    card = prose(page).locator(".code-card")
    expect(card.locator("pre")).to_have_text(code)
    expect(card.locator("[class*='hljs-']")).to_have_count(0)
    card.evaluate("it => { it.dataset.marked = 'yes'; }")
    gate.open()
    expect_status(page, "complete")
    expect(card.locator(".hljs-keyword").first).to_have_text("def")
    expect(card.locator("pre")).to_have_text(f"{code} * 2")
    expect(card).to_have_attribute("data-marked", "yes")  # the same element, not a new one
    expect(card.locator("figcaption span")).to_have_text("python")


def test_a_program_longer_than_a_screen_is_shown_and_copied_whole(
    provider: FakeProvider, page: Page
) -> None:
    gate = Gate(after=1)
    lines = [f"line {number} = {number * 7}" for number in range(1, 900)]
    pieces = ("```\n" + "\n".join(lines), "\n```\n")
    provider.enqueue(Answer(pieces=pieces, gate=gate))
    sign_up(page, "Alice")
    send(page, "Go ahead")
    pre = prose(page).locator("pre")
    for is_finished in (False, True):
        expect(pre).to_contain_text("line 899")
        assert pre.inner_text().split("\n") == lines, "no line is doubled where stretches meet"
        if not is_finished:
            gate.open()
            expect_status(page, "complete")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button(answer(page), "Copy code").click()
    expect_copied(page, "\n".join(lines))


def test_a_selection_survives_while_the_answer_grows_and_ends(
    provider: FakeProvider, page: Page
) -> None:
    gate = Gate(after=1)
    pieces = ("First paragraph.\n\nSecond *one* is", " long.\n\nThird.\n\n- a\n- b\n")
    provider.enqueue(Answer(pieces=pieces, gate=gate))
    sign_up(page, "Alice")
    send(page, "Go ahead")
    expect(prose(page)).to_contain_text("Second one is")
    page.evaluate(SELECT_TO_THE_WORD)
    gate.open()
    expect_status(page, "complete")
    expect(prose(page)).to_contain_text("Third.")
    selected = str(page.evaluate("getSelection().toString()"))
    assert selected.split() == ["First", "paragraph.", "Second", "one"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_plain_chats_do_not_need_is_not_fetched(
    provider: FakeProvider, page: Page, theme: str
) -> None:
    page.emulate_media(color_scheme=theme)  # pyright: ignore[reportArgumentType]
    fetched = list[str]()
    page.on("request", lambda request: fetched.append(request.url))
    shown(provider, page, "Just **words** and `names`.")
    page.wait_for_load_state("networkidle")
    late = ("katex", "common", "mermaid")
    assert not [url for url in fetched if any(name in url.lower() for name in late)]
    provider.enqueue(Answer(text="```python\nprint(1)\n```\n\nand $x$."))
    send(page, "And code?")
    expect(prose(page).locator(".hljs-built_in")).to_have_text("print")
    expect(prose(page).locator(".katex").first).to_be_attached()
    assert [url for url in fetched if "katex" in url.lower()]


NOTED = """Seen.[^tide] Again.[^2] And once more.[^tide] `[^2]` is code, [^none] is not there; see
[the map][map].

[^2]: Second.
"""


def test_footnotes_stand_at_the_end_with_a_way_there_and_back(
    provider: FakeProvider, page: Page
) -> None:
    gate = Gate(after=1)
    rest = "\n[^tide]: First, with *words* of [the map][map].\n\n    And more.\n\n[map]: https://example.org/map\n\nDone."
    provider.enqueue(Answer(pieces=(NOTED + "\nGoing on", rest), gate=gate))
    sign_up(page, "Alice")
    send(page, "Go ahead")
    inside = prose(page)
    references = inside.get_by_role("link", name=re.compile("^Footnote "))
    notes = inside.locator("[role=doc-endnotes][aria-label=Footnotes]")
    expect(references).to_have_text(["1"])  # only the second is defined so far
    first = inside.locator("p").first
    expect(first).to_contain_text("Seen.[^tide]")
    first.evaluate("it => { it.querySelector('code').dataset.marked = 'yes'; }")
    gate.open()
    for _ in range(2):
        expect_status(page, "complete")
        expect(references).to_have_text(["1", "2", "1"])
        expect(first).to_have_text(
            "Seen.1 Again.2 And once more.1 [^2] is code, [^none] is not there; see the map."
        )
        maps = inside.get_by_role("link", name="the map", exact=True)
        expect(maps).to_have_count(2)  # one of them in a note
        for link in maps.all():
            expect(link).to_have_attribute("href", "https://example.org/map")
        expect(notes.locator("li")).to_have_count(2)
        expect(notes.locator("li").first).to_contain_text("And more.")
        expect(notes.locator("li em")).to_have_text("words")
        expect(inside.locator("> :last-child")).to_have_class("footnotes")
        address = page.url
        references.last.press("Enter")
        expect(notes.locator("li").first).to_be_focused()
        button(notes, "Back to reference 1").press("Enter")
        expect(references.last).to_be_focused()
        assert page.url == address
        ids = inside.locator("[id]").evaluate_all("all => all.map((it) => it.id)")
        assert len(ids) == len(set(ids))
        page.reload()


def test_a_diagram_is_a_picture_once_it_is_whole_and_follows_the_theme(
    provider: FakeProvider, page: Page
) -> None:
    fetched = list[str]()
    page.on("request", lambda request: fetched.append(request.url))
    page.emulate_media(color_scheme="light")
    gate = Gate(after=1)
    source = "flowchart LR\n  accTitle: Ebb and flow\n  ebb --> flow"
    pieces = (f"So:\n\n```mermaid\n{source}", "\n```\n\n```mermaid\nflowchart LR\n  ((((\n```\n")
    provider.enqueue(Answer(pieces=pieces, gate=gate))
    sign_up(page, "Alice")
    send(page, "Go ahead")
    good, bad = prose(page).locator(".diagram").first, prose(page).locator(".diagram").last
    expect(good.locator("pre")).to_have_text(source)
    assert not [url for url in fetched if "mermaid" in url], "nothing is drawn while it is written"
    gate.open()
    expect_status(page, "complete")
    picture = good.get_by_role("img", name="Ebb and flow", exact=True)
    expect(picture).to_be_visible()
    page.wait_for_function("() => document.querySelector('.diagram img').naturalWidth > 100")
    expect(good.locator("pre")).to_be_hidden()
    expect(bad.locator("pre")).to_have_text("flowchart LR\n  ((((")
    expect(bad).to_contain_text("This diagram could not be drawn")
    expect(button(bad, "Copy code")).to_be_visible()
    light = picture.get_attribute("src")
    page.emulate_media(color_scheme="dark")
    expect(picture).not_to_have_attribute("src", light or "")
    button(good, "Copy code").click()
    expect_copied(page, source)
    button(good, "Show source").click()
    expect(good.locator("pre")).to_be_visible()
    expect(picture).to_have_count(0)
    button(good, "Show diagram").click()
    expect(picture).to_be_visible()


def test_the_view_follows_to_the_end_of_a_diagram_that_is_drawn_after_the_answer(
    provider: FakeProvider, page: Page
) -> None:
    held = list[Route]()

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/*mermaid*", hold)
    provider.enqueue(
        Answer(text="Tides. " * 900 + "\n\n```mermaid\nflowchart TD\n  a --> b --> c\n```")
    )
    sign_up(page, "Alice")
    with page.expect_request("**/*mermaid*"):
        begin_chat(page, "Go ahead")
    while not held:
        page.wait_for_timeout(50)  # it is held a moment after it is heard of
    held.pop().continue_()
    page.wait_for_function("() => document.querySelector('.diagram img')?.naturalHeight > 100")
    expect(page.locator("[data-jump]")).to_be_hidden()
    left = "it => it.scrollHeight - it.scrollTop - it.clientHeight"
    assert page.locator("[data-scroller]").evaluate(left) < 4


PIXEL = b"""<svg xmlns="http://www.w3.org/2000/svg" width="3000" height="2000"/>"""


def test_an_image_of_another_host_is_fetched_by_who_asks_for_it(
    provider: FakeProvider, page: Page
) -> None:
    asked = list[Request]()

    def serve(route: Route, request: Request) -> None:
        asked.append(request)
        if len(asked) == 1:
            route.abort()
        else:
            route.fulfill(content_type="image/svg+xml", body=PIXEL)

    page.context.route("https://pictures.example/**", serve)
    text = (
        "![A chart](https://pictures.example/chart.svg?q=1)\n\n"
        "[![badge](https://pictures.example/badge.svg)](https://example.org) ![x](http://plain.example/x.png)"
    )
    inside = shown(provider, page, text)
    card = inside.locator(".remote-image")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("A chart")
    expect(card.get_by_role("link", name="Image from pictures.example", exact=True)).to_be_visible()
    expect(inside.get_by_role("link", name="Image: badge", exact=True)).to_be_visible()
    assert asked == []
    button(card, "Load image").press("Enter")
    expect(card.get_by_role("status")).to_have_text("This image could not be loaded.")
    button(card, "Try again").click()
    picture = card.get_by_role("img", name="A chart", exact=True)
    expect(card).to_have_attribute("data-state", "loaded")
    box = picture.bounding_box()
    assert box
    assert box["width"] <= 768
    assert box["height"] <= 480
    assert [request.url for request in asked] == ["https://pictures.example/chart.svg?q=1"] * 2
    assert not any("referer" in request.headers for request in asked)
    page.reload()
    expect(button(card, "Load image")).to_be_visible()
    assert len(asked) == 2


WIDE = "\n\n".join(
    [
        "w" * 300,
        "https://example.org/" + "x" * 300,
        "`" + "c" * 300 + "`",
        "```python\n" + "code = " * 60 + "1\n```",
        "$$\n" + "+".join(f"x_{{{i}}}" for i in range(60)) + "\n$$",
        "An inline $" + "".join(f"x_{{{i}}}" for i in range(60)) + "$ one.",
        "| "
        + " | ".join("heading" for _ in range(14))
        + " |\n"
        + "| - " * 14
        + "|\n"
        + "| word " * 14
        + "|",
        "\n".join("  " * i + "- level" for i in range(20)),
        ">" * 20 + " quoted",
        "# " + "H" * 100,
        "```mermaid\nflowchart LR\n"
        + "\n".join(f"  n{i} --> n{i + 1}" for i in range(20))
        + "\n```",
        f"![{'a' * 200}](https://{'long-' * 11}host.example/{'p' * 200}.png)",
        "Noted.[^1]\n\n[^1]: " + "n" * 300,
    ]
)


def test_nothing_is_wider_than_a_phone(provider: FakeProvider, open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    inside = shown(provider, page, WIDE)
    expect(inside.locator(".katex")).to_have_count(2)
    inside.locator(".diagram").scroll_into_view_if_needed()
    expect(inside.locator(".diagram img")).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert page.evaluate(
        "(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)(document.querySelector('.scroller'))"
    )
    table = inside.get_by_role("region", name="Table", exact=True)
    assert table.evaluate("it => it.scrollWidth > it.clientWidth"), "it scrolls sideways by itself"
    texts = inside.locator("li, blockquote").evaluate_all("all => all.map((it) => it.clientWidth)")
    assert min(texts) > 100, "what is deep within is still to be read"
