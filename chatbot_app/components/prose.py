"""Markdown as it is shown in answers: nothing runs, nothing is fetched from elsewhere, nothing is
drawn anew without need. How it is drawn is in `assets/prose.js`: `notes.js` has the footnotes,
`diagrams.js` Mermaid, `remote_images.js` pictures of other hosts.

Raw HTML stays text, all but `<br>`; links leave for a new tab, remote images are fetched when
somebody asks for them (CVE-2025-32711).
"""

import reflex as rx


class _Prose(rx.Component):
    library = "$/public/prose.js"
    lib_dependencies: list[str] = [  # noqa: RUF012 (Reflex makes fields of these)
        "marked@18.2.1",
        "katex@0.19.1",
        "highlight.js@11.12.0",
        "@mermaid-js/tiny@12.0.0",  # all of it in one file: fewer kinds of diagrams, no elkjs (EPL)
    ]


class Answer(_Prose):
    """An answer's text: from the live answer while it is, or was last, that one; otherwise as
    stored. Both draw the same blocks in the same place.
    """

    tag = "Answer"

    message_id: rx.Var[str]
    stored: rx.Var[list[str]]


class LiveFeed(_Prose):
    """Hands the live answer to the one message it belongs to. Shows nothing itself.

    `groups` are lists of finished blocks and `tails` stretches of the open one, oldest first.
    """

    tag = "LiveFeed"

    message_id: rx.Var[str]
    groups: rx.Var[list[list[str]]]
    tails: rx.Var[list[str]]
