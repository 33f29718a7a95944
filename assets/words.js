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

  const choose = (value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `language=${value}; path=/; max-age=${value ? 31536000 : 0}; SameSite=Lax${secure}`;
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
    new MutationObserver(show).observe(document.body, { subtree: true, childList: true });
  });
})();
