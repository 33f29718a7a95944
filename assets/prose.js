// Draws the markdown of answers with React: at streaming speed, and safely, for nothing here is ever HTML of a
// model's. Text becomes elements; what only looks like HTML stays text; images are links until somebody follows
// them; addresses are the harmless kinds alone. Formulas and colours are fetched when the first one is needed.
import { Fragment, createElement as h, memo, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { Marked } from "marked";

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
    tex("texBlock", "block", /^ {0,3}\$\$[ \t]*\n([^]+?)\n {0,3}\$\$[ \t]*(?:\n|$)|^ {0,3}\\\[[ \t]*\n([^]+?)\n {0,3}\\\][ \t]*(?:\n|$)/, /(^|\n) {0,3}(\$\$|\\\[)/),
    tex("tex", "inline", /^\$\$([^$]+?)\$\$|^\$((?:[^\s$\\]|\\.)(?:(?:[^$\\]|\\.)*?(?:[^\s$\\]|\\.))?)\$(?!\d)|^\\\(([^]+?)\\\)|^\\\[([^]+?)\\\]/, /\$|\\[([]/),
  ],
});

// ---- What is fetched on first use ----

const loading = {};
const loaded = {};
const sources = {
  katex: () => import("katex").then(async (module) => (await import("katex/dist/katex.min.css"), module.default)),
  highlighter: () => import("highlight.js/lib/common").then((module) => module.default),
};

const useLate = (name, isNeeded) => {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (!isNeeded || loaded[name]) return;
    loading[name] ??= sources[name]().then((it) => { loaded[name] = it; });
    loading[name].then(() => redraw((n) => n + 1), () => { delete loading[name]; });
  }, [name, isNeeded]);
  return isNeeded ? loaded[name] : undefined;
};

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

const waiting = new Map();
let watcher = null;
const whenNear = (element, then) => {
  watcher ??= new IntersectionObserver((entries) => entries.forEach((entry) => {
    if (!entry.isIntersecting) return;
    waiting.get(entry.target)?.();
    waiting.delete(entry.target);
    watcher.unobserve(entry.target);
  }), { rootMargin: "1000px" });
  waiting.set(element, then);
  watcher.observe(element);
  return () => { waiting.delete(element); watcher.unobserve(element); };
};

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
  const [isNear, setNear] = useState(false);
  const isColoured = !isOpen && language !== "" && text.length <= LONGEST_COLOURED;
  useEffect(() => {
    if (isColoured && !isNear) return whenNear(card.current, () => setNear(true));
  }, [isColoured, isNear]);
  const highlighter = useLate("highlighter", isColoured && isNear);
  const html = highlighter?.getLanguage(language) && highlighter.highlight(text, { language, ignoreIllegals: true }).value;
  const className = language && `hljs language-${language}`;
  return h("figure", { className: "code-card", ref: card },
    h("figcaption", null, h("span", null, language || "text"), h("button", { type: "button", "data-copy-code": "" }, "Copy code")),
    h("pre", { tabIndex: 0 }, html
      ? h("code", { key: "coloured", className, dangerouslySetInnerHTML: { __html: html } }) // escaped by highlight.js
      : h("code", { key: "plain", className }, isOpen && text.length > PER_SHEET ? sheets(text) : text)));
});

// ---- Elements for marked's tokens ----

const ENTITY = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi;
const reader = globalThis.document?.createElement("textarea"); // reads entities, runs nothing
const decode = (text) => (text.includes("&") ? text.replace(ENTITY, (entity) => { reader.innerHTML = entity; return reader.value; }) : text);

const harmless = (address) => (/^(https?|mailto|tel|xmpp|ircs?):/i.test(address) || !/^[^/?#]*:/.test(address) ? address : undefined);
const link = (token, ...children) => h("a", {
  href: harmless(decode(token.href).replace(/[\0- ]+/g, (gap) => encodeURI(gap))),
  title: token.title ? decode(token.title) : undefined,
  target: "_blank",
  rel: "noopener noreferrer nofollow",
  className: token.type === "image" ? "remote-image" : undefined,
}, ...children);

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
  checkbox: (t) => h("input", { type: "checkbox", checked: t.checked, disabled: true, readOnly: true }),
  text: (t) => (t.tokens ? all(t.tokens) : t.escaped ? t.text : decode(t.text)),
  escape: (t) => t.text,
  html: (t) => (t.block ? h("p", null, t.text) : t.text),
  tex: (t) => h(Tex, { text: t.text, display: t.display }),
  link: (t) => link(t, ...all(t.tokens)),
  image: (t) => link(t, "Image: ", decode(t.text) || t.href),
  code: (t, isOpen) => h(Code, { text: t.text, language: /^[\w+#.-]+/.exec(t.lang ?? "")?.[0] ?? "", isOpen }),
  list: (t) => h(t.ordered ? "ol" : "ul", {
    start: t.ordered && t.start !== 1 ? t.start : undefined,
    className: t.items.some((item) => item.task) ? "contains-task-list" : undefined,
  }, ...t.items.map((item) => within("li", item))),
  table: (t) => h("div", { className: "table-scroll", tabIndex: 0 }, h("table", null,
    h("thead", null, h("tr", null, ...t.header.map(cell("th")))),
    h("tbody", null, ...t.rows.map((row) => h("tr", null, ...row.map(cell("td"))))))),
};

const Block = memo(({ text, isOpen }) => h(Fragment, null, ...orElse(() => all(markdown.lexer(text), isOpen), [h("p", null, text)])));

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
  for (const { type, raw } of orElse(() => markdown.lexer(tail), [{ type: "text", raw: tail }])) {
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
  const last = blocks.length + parts.length - 1;
  const drawn = [...blocks, ...parts].map((text, i) => h(Block, { key: i, text, isOpen: i === last && tail !== "" }));
  return h("div", { className: "prose" }, drawn);
});
