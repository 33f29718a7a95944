// Draws the markdown of answers with React: at streaming speed, and safely, for nothing here is ever HTML of a
// model's. Text becomes elements; what only looks like HTML stays text, all but a plain <br>; images are cards until
// somebody asks for them; addresses are the harmless kinds alone. Formulas, colours and diagrams are fetched with the
// first of them.
import { Fragment, createElement as h, memo, useId, useLayoutEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { Marked } from "marked";
import { Diagram } from "./diagrams.js";
import { useLate, useNear } from "./late.js";
import { NoteReference, Notes, Numbers, footnoteRules, lex, useNotes } from "./notes.js";
import { RemoteImage, hostOf } from "./remote_images.js";

// ---- Formulas: $…$ as Pandoc reads it, so that "$5 and $6" stays money; $$…$$, \(…\) and \[…\] ----

const tex = (name, level, pattern, start) => ({
  name,
  level,
  start: (text) => text.match(start)?.index,
  tokenizer(text) {
    const match = pattern.exec(text);
    if (match) return { type: "tex", raw: match[0], text: match.slice(1).find(Boolean), display: level === "block" || /^(\$\$|\\\[)/.test(match[0]) };
  },
});

const markdown = new Marked({ gfm: true }).use({
  extensions: [
    ...footnoteRules,
    tex("texBlock", "block", /^ {0,3}\$\$[ \t]*\n([^]+?)\n {0,3}\$\$[ \t]*(?:\n|$)|^ {0,3}\\\[[ \t]*\n([^]+?)\n {0,3}\\\][ \t]*(?:\n|$)/, /(^|\n) {0,3}(\$\$|\\\[)/),
    tex("tex", "inline", /^\$\$([^$]+?)\$\$|^\$((?:[^\s$\\]|\\.)(?:(?:[^$\\]|\\.)*?(?:[^\s$\\]|\\.))?)\$(?!\d)|^\\\(([^]+?)\\\)|^\\\[([^]+?)\\\]/, /\$|\\[([]/),
  ],
});

// A text can be nested deeper than a parser's stack: then it is shown as it is, and the page stays.
const orElse = (make, otherwise) => {
  try {
    return make();
  } catch {
    return otherwise;
  }
};

const Tex = memo(({ text, display }) => {
  const katex = useLate("katex", true);
  if (!katex) return h("code", null, text);
  // KaTeX escapes what it is given, and refuses commands that could link or load (trust is off).
  const html = orElse(() => katex.renderToString(text, { displayMode: display, throwOnError: false, strict: "ignore" }), null);
  return html === null ? h("code", null, text) : h("span", { dangerouslySetInnerHTML: { __html: html } });
});

// ---- Code: coloured when it is finished and about to be seen ----

const LONGEST_COLOURED = 50000; // characters
const PER_SHEET = 4000; // of code that is still being written: what the browser lays out anew each time

const sheets = (text) => {
  const parts = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at + PER_SHEET) + 1 || text.length + 1;
    parts.push(h("span", { key: at, className: "sheet" }, text.slice(at, end - 1))); // a block ends its line itself
    at = end;
  }
  return parts;
};

const Code = memo(({ text, language, isOpen }) => {
  const card = useRef(null);
  const isColoured = !isOpen && language !== "" && text.length <= LONGEST_COLOURED;
  const isNear = useNear(card, isColoured);
  const highlighter = useLate("highlighter", isColoured && isNear);
  const html = highlighter?.getLanguage(language) && highlighter.highlight(text, { language, ignoreIllegals: true }).value;
  const className = language && `hljs language-${language}`;
  return h("figure", { className: "code-card", ref: card },
    h("figcaption", null, h("span", null, language || say("text")), h("button", { type: "button", "data-copy-code": "" }, say("Copy code"))),
    h("pre", { tabIndex: 0 }, html
      ? h("code", { key: "coloured", className, dangerouslySetInnerHTML: { __html: html } }) // escaped by highlight.js
      : h("code", { key: "plain", className }, isOpen && text.length > PER_SHEET ? sheets(text) : text)));
});

// ---- Elements for marked's tokens ----

const ENTITY = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi;
const reader = globalThis.document?.createElement("textarea"); // reads entities, runs nothing
const decode = (text) => (text.includes("&") ? text.replace(ENTITY, (entity) => { reader.innerHTML = entity; return reader.value; }) : text);

const harmless = (address) => (/^(https?|mailto|tel|xmpp|ircs?):/i.test(address) || !/^[^/?#]*:/.test(address) ? address : undefined);
const addressOf = (token) => harmless(decode(token.href).replace(/[\0- ]+/g, (gap) => encodeURI(gap)));
const outward = (token) => ({
  href: addressOf(token),
  title: token.title ? decode(token.title) : undefined,
  target: "_blank",
  rel: "noopener noreferrer nofollow",
});
const link = (token, ...children) => h("a", outward(token), ...children);

// Within a link a picture is its words: two things can't be clicked at one place.
let linksAround = 0;
const aroundLink = (token) => {
  linksAround += 1;
  try {
    return link(token, ...all(token.tokens));
  } finally {
    linksAround -= 1;
  }
};
const image = (token) => {
  const words = say("Image: {name}", { name: decode(token.text) || token.href });
  if (linksAround) return words;
  const address = addressOf(token);
  const host = address ? hostOf(address) : "";
  return host
    ? h(RemoteImage, { key: address, address, host, alt: decode(token.text), link: outward(token) })
    : link(token, words);
};

const LINE_END = /^<br\s*\/?>$/i; // the only way to break a line in a cell of a table

const all = (tokens, isOpen) => tokens.flatMap((token, i) => elements[token.type]?.(token, isOpen && i === tokens.length - 1));
const within = (tag, token, props) => h(tag, props, ...all(token.tokens ?? []));
const cell = (tag) => (it) => within(tag, it, { style: it.align ? { textAlign: it.align } : undefined });

const elements = {
  space: () => null,
  def: () => null,
  paragraph: (t) => within("p", t),
  heading: (t) => within(`h${t.depth}`, t),
  blockquote: (t) => within("blockquote", t),
  hr: () => h("hr"),
  br: () => h("br"),
  strong: (t) => within("strong", t),
  em: (t) => within("em", t),
  del: (t) => within("del", t),
  codespan: (t) => h("code", null, t.text),
  text: (t) => (t.tokens ? all(t.tokens) : t.escaped ? t.text : decode(t.text)),
  escape: (t) => t.text,
  html: (t) => (t.block ? h("p", null, t.text) : LINE_END.test(t.text) ? h("br") : t.text),
  tex: (t) => h(Tex, { text: t.text, display: t.display }),
  link: aroundLink,
  image,
  note: () => null, // stands at the end
  noteReference: (t) => (linksAround ? t.raw : h(NoteReference, { label: t.label, raw: t.raw })),
  code: (t, isOpen) => {
    const language = /^[\w+#.-]+/.exec(t.lang ?? "")?.[0] ?? "";
    return language === "mermaid" ? h(Diagram, { text: t.text, isOpen }) : h(Code, { text: t.text, language, isOpen });
  },
  list: (t) => h(t.ordered ? "ol" : "ul", {
    start: t.ordered && t.start !== 1 ? t.start : undefined,
    className: t.items.some((item) => item.task) ? "contains-task-list" : undefined,
  }, ...t.items.map((item) => (item.task ? h(Task, { item }) : within("li", item)))),
  table: (t) => h("div", { className: "table-scroll", tabIndex: 0, role: "region", "aria-label": say("Table") }, h("table", null,
    h("thead", null, h("tr", null, ...t.header.map(cell("th")))),
    h("tbody", null, ...t.rows.map((row) => h("tr", null, ...row.map(cell("td"))))))),
};

// Its words name the box; a list below it does not.
const Task = ({ item }) => {
  const id = useId();
  const tokens = item.tokens.filter((it) => it.type !== "checkbox");
  const line = /^(text|paragraph)$/.test(tokens[0]?.type) ? tokens.shift() : { tokens: [] };
  return h("li", { className: "task" },
    h("input", { type: "checkbox", checked: item.checked, disabled: true, readOnly: true, "aria-labelledby": id }),
    h("span", { id }, ...all((line.tokens ?? []).filter((it) => it.type !== "checkbox"))),
    ...all(tokens));
};

const Block = memo(({ text, isOpen, links }) => h(Fragment, null, ...orElse(() => all(lex(markdown, text, links), isOpen), [h("p", null, text)])));

// ---- The live answer: one component hears of every update, and only the message it belongs to is drawn anew ----

let live = { id: "", blocks: [], tail: "" };
const listeners = new Set();
const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const LiveFeed = ({ messageId, groups, tails }) => {
  useLayoutEffect(() => {
    live = { id: messageId, blocks: groups.flat(), tail: tails.join("") };
    listeners.forEach((listener) => listener());
  });
  return null;
};

// The open tail may hold the first line of the next block already.
const partsOf = (tail) => {
  const parts = [];
  for (const { type, raw } of orElse(() => lex(markdown, tail), [{ type: "text", raw: tail }])) {
    if (type === "space" && parts.length) parts[parts.length - 1] += raw;
    else parts.push(raw);
  }
  return parts;
};

// Blocks keep their places from the first token on: nothing is drawn again when one is finished, or the answer is.
export const Answer = memo(({ messageId, stored }) => {
  const followed = useSyncExternalStore(subscribe, () => (live.id === messageId ? live : null), () => null);
  const { blocks, tail } = followed ?? { blocks: stored, tail: "" };
  const parts = tail ? partsOf(tail) : [];
  const { list, numbers, links } = useNotes(markdown, messageId, blocks, parts);
  const known = useMemo(() => ({ id: messageId, numbers }), [messageId, numbers]);
  const last = blocks.length + parts.length - 1;
  const drawn = [...blocks, ...parts].map((text, i) => h(Block, { key: i, text, links: links[i], isOpen: i === last && tail !== "" }));
  return h(Numbers.Provider, { value: known }, h("div", { className: "prose" }, drawn, list.length > 0 && h(Notes, { key: "notes", id: messageId, list, Block })));
});
