// What a model thought before it answered: folded away behind a line that says for how long. Nothing of it is drawn
// before somebody looks, and then as calmly as the answer itself, in paragraphs that are drawn once.
import { createElement as h, memo, useId, useLayoutEffect, useState, useSyncExternalStore } from "react";
import { Answer } from "./prose.js";

const SHOWN = 20000; // characters that come with a message (services/views.py): one more means that there are more

// One component hears of what is thought just now, and only the message it belongs to is drawn anew.
let live = { id: "", text: "", milliseconds: 0 };
let whole = { id: "", text: "" };
const listeners = new Set();
const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const ThoughtsFeed = ({ messageId, stretches, milliseconds, wholeId, wholeText }) => {
  useLayoutEffect(() => {
    const text = stretches.join("");
    const isSame = live.id === messageId && live.text === text && live.milliseconds === milliseconds;
    if (isSame && whole.id === wholeId && whole.text === wholeText) return;
    if (!isSame) live = { id: messageId, text, milliseconds };
    whole = { id: wholeId, text: wholeText };
    listeners.forEach((listener) => listener());
  });
  return null;
};

const label = (isThinking, milliseconds) => {
  if (isThinking) return say("Thinking…");
  if (!(milliseconds > 0)) return say("Thoughts");
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  if (seconds === 1) return say("Thought for 1 second");
  if (seconds < 60) return say("Thought for {seconds} seconds", { seconds });
  return say("Thought for {minutes} min {seconds} s", { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
};

// Blank lines part them, but not within code.
const paragraphs = (text) => {
  const parts = [""];
  let isCode = false;
  for (const line of text.split(/(?<=\n)/)) {
    if (/^ {0,3}(```|~~~)/.test(line)) isCode = !isCode;
    parts[parts.length - 1] += line;
    if (!isCode && !line.trim()) parts.push("");
  }
  return parts.filter((part) => part.trim());
};

const isCut = (text) => text.length > SHOWN && [...text].length > SHOWN;

const Text = memo(({ text, onShowAll }) => h("div", { className: "thoughts-text" },
  h(Answer, { messageId: "thoughts", stored: paragraphs(text) }),
  onShowAll && h("button", { type: "button", className: "button", onClick: onShowAll }, say("Show all thoughts"))));

export const Thoughts = memo(({ messageId, stored, milliseconds, status, onShowAll }) => {
  const followed = useSyncExternalStore(subscribe, () => (live.id === messageId ? live : null), () => null);
  const asked = useSyncExternalStore(subscribe, () => (whole.id === messageId ? whole.text : ""), () => "");
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const text = followed?.text || asked || stored;
  if (!text) return null;
  const isThinking = status === "generating" && followed?.milliseconds === 0;
  return h("div", { className: "thoughts", "data-thinking": isThinking || undefined },
    h("button", {
      type: "button", className: "thoughts-toggle", "aria-expanded": isOpen, "aria-controls": isOpen ? id : undefined,
      "data-unfolds": isThinking ? undefined : "", onClick: () => setOpen(!isOpen),
    }, h("span", { className: "thoughts-label" }, label(isThinking, followed?.milliseconds > 0 ? followed.milliseconds : milliseconds)),
      h("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": true }, h("path", { d: "M6 3.5 10.5 8 6 12.5" }))),
    isOpen && h("div", { id }, h(Text, { text, onShowAll: !followed && text === stored && isCut(text) ? onShowAll : undefined })));
});
