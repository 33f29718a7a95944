// What one block of an answer says about others: footnotes, and the addresses of reference links. Blocks are drawn one by
// one and never again without need, so each is read once; what it defines reaches the blocks that mention it, and no other.
import { createContext, createElement as h, useContext, useRef } from "react";
import { Lexer } from "marked";

const LABEL = String.raw`\[\^([^\]\s\[]{1,200})\]`;
const NOT_PLAIN = String.raw` {0,3}(?:\[\^|[#>|$\`~]|[-+*][ \t]|\d{1,9}[.)][ \t])`;
const NOTE = new RegExp(String.raw`^ {0,3}${LABEL}:[ \t]*([^\n]*(?:\n(?!${NOT_PLAIN})[^\n]*\S[^\n]*|\n(?:[ \t]*\n)*(?: {4}|\t)[^\n]*)*)(?:\n+|$)`);
const REFERENCE = new RegExp(`^${LABEL}`);

export const footnoteRules = [
  {
    name: "note", level: "block",
    start: (text) => text.match(/(?:^|\n) {0,3}\[\^/)?.index,
    tokenizer(text) {
      const match = NOTE.exec(text);
      if (match) return { type: "note", raw: match[0], label: match[1].toLowerCase(), text: match[2].replace(/\n(?: {4}|\t)/g, "\n") };
    },
  },
  {
    name: "noteReference", level: "inline",
    start: (text) => { const at = text.indexOf("[^"); return at < 0 ? undefined : at; },
    tokenizer(text) {
      const match = REFERENCE.exec(text);
      if (match) return { type: "noteReference", raw: match[0], label: match[1].toLowerCase() };
    },
  },
];

const TOO_DEEP = /^(?:[ \t]*>){500}/; // the parser would find out in a quarter of a second, at every update

export const lex = (markdown, text, links) => {
  if (TOO_DEEP.test(text)) throw new RangeError("This is nested too deep.");
  const lexer = new Lexer(markdown.defaults);
  if (links) Object.assign(lexer.tokens.links, links);
  return lexer.lex(text);
};

// ---- Reading ----

const DEFINES = /^[ >]{0,9}\[[^\]]+\]:/m;
const MENTION = /\[([^[\]]+)\]/g;
const asLabel = (text) => text.replace(/\s+/g, " ").toLowerCase();
const mentionsOf = (text) => new Set(Array.from(text.matchAll(MENTION), (match) => asLabel(match[1])));

const linksOf = (mentioned, { defined }) => {
  let links;
  for (const label of mentioned) if (defined[label]) (links ??= Object.create(null))[label] = defined[label];
  return links;
};

const fresh = () => ({ id: "", read: [], notes: new Map(), order: new Set(), defined: Object.create(null), blocks: [], mentions: new Map() });

const readNotes = (markdown, tokens, { notes, order }, connect) => markdown.walkTokens(tokens, (token) => {
  if (token.type === "noteReference") order.add(token.label);
  if (token.type !== "note" || notes.has(token.label)) return;
  const inside = new Set();
  markdown.walkTokens(lex(markdown, token.text), (it) => { if (it.type === "noteReference") inside.add(it.label); });
  const note = { label: token.label, text: token.text, inside };
  connect(note);
  notes.set(token.label, note);
});

// A block or a note hears of the addresses that it mentions, also of those that are still to come.
const connectTo = (known) => (holder) => {
  const mentioned = mentionsOf(holder.text);
  for (const label of mentioned) {
    if (!known.mentions.has(label)) known.mentions.set(label, []);
    known.mentions.get(label).push(holder);
  }
  holder.links = linksOf(mentioned, known);
};

const define = (known, links) => {
  const told = new Set(); // each is drawn anew once, however many of its addresses came
  for (const [label, link] of Object.entries(links)) {
    if (label.startsWith("^") || known.defined[label]) continue;
    known.defined[label] = link;
    for (const holder of known.mentions.get(label) ?? []) {
      if (!told.has(holder)) holder.links = Object.assign(Object.create(null), holder.links);
      told.add(holder);
      holder.links[label] = link;
    }
  }
};

const readBlock = (markdown, known, text) => {
  known.read.push(text);
  known.blocks.push({ text });
  if (!text.includes("[")) return;
  connectTo(known)(known.blocks.at(-1));
  const [hasNotes, hasLinks] = [text.includes("[^"), DEFINES.test(text)];
  if (!hasNotes && !hasLinks) return;
  const tokens = lex(markdown, text);
  if (hasNotes) readNotes(markdown, tokens, known, connectTo(known));
  define(known, tokens.links);
};

// In the order in which they are first referred to, as readers count them; those that notes refer to come after.
const listed = ({ notes, order }) => {
  const all = new Set(order);
  for (const label of all) notes.get(label)?.inside.forEach((it) => all.add(it)); // a set goes on over what is added
  return [...all].filter((label) => notes.has(label)).map((label) => notes.get(label));
};

const NONE = { list: [], numbers: new Map() };
const numbered = (list, before) => ({
  list: list.map(({ label, text, links }) => ({ label, text, links })),
  numbers: list.length === before.list.length && list.every(({ label }, i) => label === before.list[i].label)
    ? before.numbers // the note that is being written only grew: no reference is drawn again
    : new Map(list.map(({ label }, i) => [label, i + 1])),
});
const isSame = (a, b) => a.length === b.length && a.every((it, i) => it.text === b[i].text && it.label === b[i].label && it.links === b[i].links);

// The notes of a message in their order, and for each block the links that others define. `parts` are of the open tail.
export const useNotes = (markdown, id, blocks, parts) => {
  const known = useRef(null);
  const shown = useRef(NONE);
  if (known.current?.id !== id || !known.current.read.every((text, i) => text === blocks[i])) known.current = { ...fresh(), id };
  const it = known.current;
  for (const text of blocks.slice(it.read.length)) orSkip(() => readBlock(markdown, it, text));
  let now = it;
  if (parts.some((text) => text.includes("[^"))) {
    now = { notes: new Map(it.notes), order: new Set(it.order) };
    for (const text of parts) if (text.includes("[^")) orSkip(() => readNotes(markdown, lex(markdown, text), now, (note) => { note.links = linksOf(mentionsOf(note.text), it); }));
  }
  const list = now.order.size && now.notes.size ? listed(now) : [];
  if (!isSame(list, shown.current.list)) shown.current = numbered(list, shown.current);
  return { ...shown.current, links: [...it.blocks.map((block) => block.links), ...parts.map((text) => linksOf(mentionsOf(text), it))] };
};

// What is nested too deep to be read is shown as it is: it defines nothing.
const orSkip = (read) => { try { read(); } catch { /* as said */ } };

// ---- Showing ----

// Numbers may change with every block, and only the references hear of it.
export const Numbers = createContext({ id: "", numbers: NONE.numbers });

const idOf = (id, number) => `note-${id}-${number}`;
const goTo = (element) => {
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: "nearest" });
};

export const NoteReference = ({ label, raw }) => {
  const { id, numbers } = useContext(Numbers);
  const number = numbers.get(label);
  if (!number) return raw;
  const follow = (event) => {
    event.preventDefault(); // an address with a hash would be another page to the framework
    cameFrom.set(idOf(id, number), event.currentTarget);
    goTo(document.getElementById(idOf(id, number)));
  };
  return h("sup", null, h("a", { href: `#${idOf(id, number)}`, className: "note-reference", role: "doc-noteref", "data-note": number, "aria-label": say("Footnote {number}", { number }), onClick: follow }, number));
};

const cameFrom = new Map();

export const Notes = ({ id, list, Block }) => {
  const goBack = (event, number) => {
    const came = cameFrom.get(idOf(id, number));
    goTo(came?.isConnected ? came : event.currentTarget.closest(".prose").querySelector(`.note-reference[data-note="${number}"]`));
  };
  return h("section", { className: "footnotes", role: "doc-endnotes", "aria-label": say("Footnotes") },
    h("ol", null, list.map(({ label, text, links }, i) => h("li", { key: label, id: idOf(id, i + 1), tabIndex: -1 },
      h(Block, { text, links, isOpen: false }),
      h("button", { type: "button", className: "note-back", "aria-label": say("Back to reference {number}", { number: i + 1 }), onClick: (event) => goBack(event, i + 1) }, "↩")))));
};
