// Text for people, in their language, for the scripts of the page: `say` marks each sentence.
//
// The server puts the sentences of the reader's language in front of this script (chatbot_app/languages.py), if
// that is not English. It runs before anything is drawn.
"use strict";

(() => {
  const { language, sentences } = window.chatbotWords ?? { language: "en", sentences: {} };
  document.documentElement.lang = language;

  // `{name}` in a sentence stands for a value.
  window.say = (sentence, values = {}) =>
    (sentences[sentence] ?? sentence).replace(/\{(\w+)\}/g, (gap, name) => values[name] ?? gap);

  // Which language was chosen here; empty for the one that the browser asks for.
  const chosen = () => /(?:^|; )language=(\w+)/.exec(document.cookie)?.[1] ?? "";

  // What is typed goes along to the page in the other language; a password has to be typed again.
  const TYPED = "form :is(input, textarea)[name]:not([type=password], [type=hidden], [type=checkbox], [type=file])";

  const keepTyped = () => {
    const changed = [...document.querySelectorAll(TYPED)].filter((field) => field.value !== field.defaultValue);
    const typed = Object.fromEntries(changed.map((field) => [field.name, field.value]));
    history.replaceState({ ...history.state, typed }, "");
  };

  const bringTypedBack = () => {
    const { typed, ...state } = history.state ?? {};
    if (!typed) return;
    history.replaceState(state, "");
    for (const field of document.querySelectorAll(TYPED)) field.value = typed[field.name] ?? field.value;
  };

  const choose = (value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `language=${value}; path=/; max-age=${value ? 31536000 : 0}; SameSite=Lax${secure}`;
    keepTyped();
    location.reload();
  };

  addEventListener("change", (event) => {
    if (event.target.matches?.("select[data-language]")) choose(event.target.value);
  });

  const show = () => {
    for (const field of document.querySelectorAll("select[data-language]:not([data-ready])")) {
      field.dataset.ready = "true";
      field.value = chosen();
    }
  };
  addEventListener("DOMContentLoaded", () => {
    show();
    bringTypedBack();
    new MutationObserver(show).observe(document.body, { subtree: true, childList: true });
  });
})();
