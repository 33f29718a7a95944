// What the browser keeps of each chat for its composer, by the key of its draft.
"use strict";

(() => {
  const { on, store } = window.chatbot;

  // ---- Drafts: kept when the fingers rest, for a long one takes a while to be written down ----

  const REST = 300; // milliseconds
  let unsaved = null; // {draft, text}
  let resting = 0;
  const drafts = {
    get: (draft) => (unsaved?.draft === draft ? unsaved.text : store.get(draft)) ?? "",
    set(draft, text) {
      if (unsaved?.draft === draft) unsaved = null;
      store.set(draft, text);
    },
    later(draft, text) {
      if (unsaved && unsaved.draft !== draft) drafts.keep();
      unsaved = { draft, text };
      clearTimeout(resting);
      resting = setTimeout(drafts.keep, REST);
    },
    keep() {
      if (unsaved) store.set(unsaved.draft, unsaved.text);
      unsaved = null;
    },
  };
  addEventListener("pagehide", drafts.keep);
  on("visibilitychange", drafts.keep);

  // ---- What is on its way ----

  const freshKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

  // A message has a name of its own, kept beside its draft until the server took it: sent again, also after a
  // reload, it is not asked again. With other words it is another message.
  const outbox = {
    sum(text) {
      let sum = 5381;
      for (let i = 0; i < text.length; i++) sum = (sum * 33 + text.charCodeAt(i)) | 0;
      return `${text.length}.${sum}`;
    },
    find(draft, text) {
      const [words, key, state] = (store.get(`sending:${draft}`) ?? "").split(" ");
      return key && words === this.sum(text) ? { key, isRefused: state === "refused" } : null;
    },
    keep: (draft, text, key, state = "") => store.set(`sending:${draft}`, `${outbox.sum(text)} ${key} ${state}`),
    drop: (draft) => store.set(`sending:${draft}`, ""),
  };

  // ---- A message that waits for an answer to end: {draft, key, text, since, isSent} ----

  const unkept = new Map(); // where nothing can be stored
  const waiting = {
    find(draft) {
      const kept = store.get(`queued:${draft}`) ?? unkept.get(draft) ?? "";
      const [, key, isSent, since, text] = kept.match(/^(\w+)(!?)@(\d+) ([^]*)$/) ?? [];
      return key ? { draft, key, text, since: Number(since), isSent: isSent !== "" } : null;
    },
    keep({ draft, key, text, since, isSent }) {
      const kept = `${key}${isSent ? "!" : ""}@${since} ${text}`;
      store.set(`queued:${draft}`, kept);
      store.get(`queued:${draft}`) === kept ? unkept.delete(draft) : unkept.set(draft, kept);
    },
    drop(draft) {
      store.set(`queued:${draft}`, "");
      unkept.delete(draft);
    },
  };

  Object.assign(window.chatbot, { drafts, freshKey, outbox, waiting });
})();
