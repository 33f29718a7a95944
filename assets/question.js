// A question in its bubble, and, once its Edit is pressed, in a field. What is typed is nobody else's until it is sent,
// and stays in the field until the server has taken it: then another message stands in this one's place.
import { Fragment, createElement as h, useEffect, useLayoutEffect, useRef, useState } from "react";

const $ = (selector, from = document) => from.querySelector(selector);

// What is being typed, by the message: the field goes when the server begins anew behind the page, or the page is
// loaded again, and comes again.
const KEEP_AFTER = 300; // milliseconds after the last key
const unsent = {
  texts: new Map(),
  store: (id, text) => window.chatbot?.store.set(`edit:${id}`, text),
  get: (id) => unsent.texts.get(id) ?? (window.chatbot?.store.get(`edit:${id}`) || undefined),
  set: (id, text) => {
    clearTimeout(unsent.waiting);
    unsent.texts.set(id, text);
    unsent.waiting = setTimeout(() => unsent.store(id, text), KEEP_AFTER);
  },
  delete: (id) => {
    clearTimeout(unsent.waiting);
    unsent.texts.delete(id);
    unsent.store(id, "");
  },
};

const problemOf = (text, limit) => {
  if (text.trim() === "") return say("This message is empty.");
  const offline = document.documentElement.hasAttribute("data-offline");
  const unreachable = offline ? say("The server can't be reached. What you typed is still here; please try again.") : "";
  return window.chatbot.tooLong(text, limit) || unreachable;
};

const Field = ({ id, text, limit, refusal, isBegun, onSend, onCancel }) => {
  const [problem, setProblem] = useState("");
  const [field, sent] = [useRef(null), useRef(null)];
  // Whoever hears that an edit was refused, and changes it, need not go on reading so.
  const [heard, setHeard] = useState(refusal);
  const said = problem || (refusal === heard ? "" : refusal);

  useEffect(() => {
    if (refusal && sent.current) sent.current.isOut = false;
  }, [refusal]);

  useLayoutEffect(() => {
    const it = field.current;
    // Who comes back to a chat in which an edit was left open goes on in the composer.
    if (isBegun || document.activeElement === document.body) it.focus();
    it.setSelectionRange(it.value.length, it.value.length);
    return () => {
      if (!sent.current?.isOut) return;
      unsent.delete(id);
      $("textarea[data-composer]")?.focus();
    };
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
    sent.current.isOut = true;
    onSend(typed, sent.current.key);
  };

  const press = (event) => {
    const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey && !event.nativeEvent.isComposing;
    if (event.key === "Enter" && plain) send(event);
    if (event.key !== "Escape") return;
    event.preventDefault(); // else it would stop an answer
    onCancel();
  };

  const type = (event) => {
    unsent.set(id, event.target.value);
    setProblem("");
    setHeard(refusal);
  };

  return h("form", { className: "edit-form", onSubmit: send },
    h("textarea", {
      ref: field, defaultValue: unsent.get(id) ?? text, rows: Math.min(10, text.split("\n").length), "aria-label": say("Edit message"),
      "aria-invalid": said ? true : undefined, autoComplete: "off", enterKeyHint: "send", className: "composer-text",
      onKeyDown: press, onInput: type,
    }),
    h("div", { className: "edit-row" },
      h("p", { role: "alert", className: "edit-problem" }, said),
      h("button", { type: "button", className: "button", onClick: onCancel }, say("Cancel")),
      h("button", { type: "submit", className: "button primary" }, say("Save and send"))));
};

export const Question = ({ message, text, limit, refusal, onSend, children }) => {
  const [isEditing, setEditing] = useState(() => unsent.get(message) !== undefined);
  const [actions, wasEditing, isBegun] = [useRef(null), useRef(false), useRef(false)];

  useEffect(() => {
    if (wasEditing.current && !isEditing) $("[data-edit]", actions.current)?.focus();
    wasEditing.current = isEditing;
  }, [isEditing]);

  const cancel = () => {
    unsent.delete(message);
    setEditing(false);
  };
  if (isEditing) return h(Field, { id: message, text, limit, refusal, isBegun: isBegun.current, onSend, onCancel: cancel });
  const press = (event) => {
    if (!event.target.closest("[data-edit]")) return;
    isBegun.current = true;
    setEditing(true);
  };
  return h(Fragment, null,
    h("div", { className: "bubble" }, text),
    h("div", { ref: actions, className: "message-actions", onClick: press }, children));
};
