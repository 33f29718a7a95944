"""Markdown as it is shown in answers: nothing runs, nothing is fetched, nothing is drawn anew
without need.

A thin wrapper of react-markdown rather than `rx.markdown`, which maps elements by functions made
anew at each rendering, so that the whole text is taken down and built again every time (selections
and buttons are lost). Raw HTML stays text, links leave for a new tab, remote images are links until
somebody follows them (CVE-2025-32711).
"""

from typing import Any

import reflex as rx

HIGHLIGHT = rx.markdown.plugin("rehype-highlight@7.0.2", "rehypeHighlight")
KATEX = rx.markdown.plugin.katex

# How the few elements that are not plain look. Constant, so that React keeps what is on the page.
ELEMENTS = """
const outward = {target: "_blank", rel: "noopener noreferrer nofollow"};
const proseElements = {
  a: ({node, ...props}) => jsx("a", {...props, ...outward}),
  img: ({node, src, alt}) =>
    jsx("a", {href: src, className: "remote-image", ...outward}, "Image: ", alt || src),
  table: ({node, ...props}) =>
    jsx("div", {className: "table-scroll", tabIndex: 0}, jsx("table", props)),
  pre: ({node, children}) => {
    const language = /language-([\\w+#.-]+)/.exec(children?.props?.className ?? "")?.[1] ?? "";
    return jsx("figure", {className: "code-card"},
      jsx("figcaption", {}, jsx("span", {}, language || "text"),
        jsx("button", {type: "button", "data-copy-code": ""}, "Copy code")),
      jsx("pre", {tabIndex: 0}, children));
  },
};
"""


class Markdown(rx.Component):
    """react-markdown with GitHub's tables and TeX formulas."""

    library = "react-markdown@10.1.0"
    tag = "ReactMarkdown"
    is_default = True

    components: rx.Var[dict[str, Any]]
    remark_plugins: rx.Var[list[Any]]
    rehype_plugins: rx.Var[list[Any]]

    @classmethod
    def create(cls, *children: Any, **props: Any) -> rx.Component:
        """Show `children`, one string Var of markdown."""
        return super().create(
            *children,
            components=rx.Var("proseElements"),
            remark_plugins=rx.Var.create([rx.markdown.plugin.gfm, rx.markdown.plugin.math]),
            **props,
        )

    def add_custom_code(self) -> list[str]:
        """The constant mapping of elements."""
        return [ELEMENTS]


@rx.memo
def block(text: rx.Var[str]) -> rx.Component:
    """A finished block; drawn once."""
    return Markdown.create(text, rehype_plugins=rx.Var.create([KATEX, HIGHLIGHT]))


@rx.memo
def open_block(text: rx.Var[str]) -> rx.Component:
    """The tail that still grows. Its code is coloured when the fence closes, not at every token."""
    return Markdown.create(text, rehype_plugins=rx.Var.create([KATEX]))


@rx.memo
def block_list(blocks: rx.Var[list[str]]) -> rx.Component:
    """All finished blocks, each drawn once however often the list is sent."""
    return rx.fragment(rx.foreach(blocks, lambda text: block(text=text)))
