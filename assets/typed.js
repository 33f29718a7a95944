// What is typed in a form with data-keeps: the form goes when the server begins anew behind the page, comes again with
// what is stored, and gets back what was typed and not saved.
"use strict";

(() => {
  const { $, on, whenMoved } = window.chatbot;
  const KEPT = "form[data-keeps] [name]";
  const typed = new Map(); // by the field's name; of the page that is open

  on("input", ({ target }) => {
    if (!target.matches(KEPT)) return;
    typed.set(target.name, target.value);
    const saved = $(".saved-note", target.form); // is so no more
    if (saved) saved.dataset.past = "";
  });

  let path = location.pathname;
  whenMoved(() => {
    if (location.pathname === path) return;
    path = location.pathname;
    typed.clear();
  });

  const look = () => {
    for (const field of document.querySelectorAll(`${KEPT}:not([data-ready-to-keep])`)) {
      field.dataset.readyToKeep = "true";
      if (!typed.has(field.name) || typed.get(field.name) === field.value) continue;
      field.value = typed.get(field.name);
      if (field.matches("[data-counted]")) field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const saved = $("form[data-keeps] .saved-note:not([data-seen])");
    if (!saved) return;
    saved.dataset.seen = "true";
    typed.clear();
  };
  look();
  new MutationObserver(look).observe(document, { subtree: true, childList: true });
})();
