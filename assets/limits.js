// How long a message is, and what the composer says of it beneath its field.
"use strict";

(() => {
  const { $ } = window.chatbot;

  const hint = (text, calm = false) => {
    const line = $("[data-composer-hint]");
    if (!line || line.textContent === text) return;
    line.textContent = text;
    line.toggleAttribute("data-calm", calm);
  };

  const NEAR = 0.9; // of the limit: from there on one is told how far it is
  let isOver = false;
  const number = (count) => count.toLocaleString(document.documentElement.lang || undefined);

  // Characters as the server counts them: what JavaScript takes for two is one.
  const lengthOf = (text) => {
    let pairs = 0;
    for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) pairs++;
    return text.length - pairs;
  };

  const showCount = (field, text = field.value) => {
    const line = $("[data-composer-count]", field.form);
    const limit = Number(field.dataset.limit);
    const length = text.length < NEAR * limit ? 0 : lengthOf(text);
    const values = { count: number(length), limit: number(limit), over: number(length - limit) };
    if (isOver && length <= limit) hint("");
    isOver = length > limit;
    line.hidden = length < NEAR * limit;
    line.textContent = line.hidden ? "" : isOver ? say("{count} of {limit}: {over} too many", values) : say("{count} of {limit}", values);
    line.toggleAttribute("data-over", isOver);
    showWhetherItMayGo(field);
  };

  // The button is another one after every answer.
  const showWhetherItMayGo = (field) => {
    for (const button of field.form.querySelectorAll("button[type=submit]")) {
      if (button.hasAttribute("aria-disabled") === isOver) continue;
      isOver ? button.setAttribute("aria-disabled", "true") : button.removeAttribute("aria-disabled");
      isOver ? button.setAttribute("aria-describedby", "composer-count") : button.removeAttribute("aria-describedby");
    }
  };

  // What is wrong with a text that is too long to be sent; empty if nothing is.
  const tooLong = (text, limit) => {
    const length = text.length > limit ? lengthOf(text) : text.length;
    const values = { count: number(length), limit: number(limit) };
    return length > limit ? say("This message has {count} characters; at most {limit} can be sent.", values) : "";
  };

  const mayBeSent = (field, text = field.value) => {
    const problem = tooLong(text, Number(field.dataset.limit));
    hint(problem);
    return !problem && text.trim() !== "";
  };

  Object.assign(window.chatbot, { hint, lengthOf, mayBeSent, showCount, showWhetherItMayGo, tooLong });
})();
