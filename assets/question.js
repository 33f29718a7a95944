// A question in its bubble, and, once its Edit is pressed, in a field. What is typed is nobody else's until it is sent,
// and stays in the field until the server has taken it: then another message stands in this one's place.
import { Fragment, createElement as h, useEffect, useLayoutEffect, useRef, useState } from "react";

const $ = (selector, from = document) => from.querySelector(selector);

const problemOf = (text, limit) => {
  const length = text.length > limit ? [...text].length : text.length;
  if (text.trim() === "") return say("This message is empty.");
  if (length > limit) {
    const numbers = { length: length.toLocaleString(), limit: limit.toLocaleString() };
    return say("This message has {length} characters; at most {limit} can be sent.", numbers);
  }
  return document.documentElement.hasAttribute("data-offline")
    ? say("The server can't be reached. What you typed is still here; please try again.") : "";
};

const Field = ({ text, limit, refusal, onSend, onCancel }) => {
  const [problem, setProblem] = useState("");
  const [field, sent] = [useRef(null), useRef(null)];
  // Whoever hears that an edit was refused, and changes it, need not go on reading so.
  const [heard, setHeard] = useState(refusal);
  const said = problem || (refusal === heard ? "" : refusal);

  useLayoutEffect(() => {
    const it = field.current;
    it.focus();
    it.setSelectionRange(it.value.length, it.value.length);
    return () => { if (sent.current) $("textarea[data-composer]")?.focus(); };
  }, []);

  const send = (event) => {
    event.preventDefault();
    const typed = field.current.value;
    const found = problemOf(typed, limit);
    setProblem(found);
    setHeard(null);
    if (found) return;
    // Sent again, also by a double click, it is the same one; with other words it is another.
    if (sent.current?.text !== typed) sent.current = { text: typed, key: window.chatbot.freshKey() };
    onSend(typed, sent.current.key);
  };

  const press = (event) => {
    const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey && !event.nativeEvent.isComposing;
    if (event.key === "Enter" && plain) send(event);
    if (event.key !== "Escape") return;
    event.preventDefault(); // else it would stop an answer
    onCancel();
  };

  return h("form", { className: "edit-form", onSubmit: send },
    h("textarea", {
      ref: field, defaultValue: text, rows: Math.min(10, text.split("\n").length), "aria-label": say("Edit message"),
      "aria-invalid": said ? true : undefined, autoComplete: "off", enterKeyHint: "send", className: "composer-text",
      onKeyDown: press, onInput: () => { setProblem(""); setHeard(refusal); },
    }),
    h("div", { className: "edit-row" },
      h("p", { role: "alert", className: "edit-problem" }, said),
      h("button", { type: "button", className: "button", onClick: onCancel }, say("Cancel")),
      h("button", { type: "submit", className: "button primary" }, say("Save and send"))));
};

export const Question = ({ text, limit, refusal, onSend, children }) => {
  const [isEditing, setEditing] = useState(false);
  const [actions, wasEditing] = [useRef(null), useRef(false)];

  useEffect(() => {
    if (wasEditing.current && !isEditing) $("[data-edit]", actions.current)?.focus();
    wasEditing.current = isEditing;
  }, [isEditing]);

  if (isEditing) return h(Field, { text, limit, refusal, onSend, onCancel: () => setEditing(false) });
  const press = (event) => { if (event.target.closest("[data-edit]")) setEditing(true); };
  return h(Fragment, null,
    h("div", { className: "bubble" }, text),
    h("div", { ref: actions, className: "message-actions", onClick: press }, children));
};
