// What Python can't say: keys, scrolling, the clipboard, drafts, and forms that must not travel as events.
// Everything hangs on data attributes and on the document, so it does not matter when React draws what.
"use strict";

(() => {
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const on = (type, listener, options) => document.addEventListener(type, listener, options);

  // The server groups chats by the reader's calendar: minutes from UTC, as JavaScript counts them.
  document.cookie = `tz=${new Date().getTimezoneOffset()}; path=/; max-age=31536000; SameSite=Lax`;

  // ---- The rail: collapsed on a desktop (remembered), a drawer on a phone ----

  const store = {
    get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { value ? localStorage.setItem(key, value) : localStorage.removeItem(key); } catch { /* full or forbidden */ } },
  };
  // What was typed and not sent is nobody's business once its owner has left.
  const forgetDrafts = () => {
    try {
      for (const key of Object.keys(localStorage)) if (/^(draft|sending):/.test(key)) localStorage.removeItem(key);
    } catch { /* forbidden: then there are none */ }
  };
  if (store.get("rail")) root.dataset.rail = "collapsed";

  const drawer = (open) => {
    open ? (root.dataset.drawer = "open") : delete root.dataset.drawer;
    const stage = $("#stage");
    if (stage) stage.inert = open;
    if (open) $("#rail button")?.focus();
  };

  // React begins with the light theme and corrects itself: in the dark that would be a flash.
  const theme = $(".radix-themes");
  if (theme) {
    const first = new MutationObserver(() => {
      first.disconnect();
      const [meant, other] = root.classList.contains("dark") ? ["dark", "light"] : ["light", "dark"];
      theme.classList.replace(other, meant);
    });
    first.observe(theme, { attributeFilter: ["class"] });
  }

  // ---- The connection (line.js holds on to it) ----

  const PATIENCE = 2000; // milliseconds without one, as at every start, that nobody need hear of
  let [hadLine, lostSince] = [false, null];

  const lookAtLine = () => {
    const isOpen = [...window.chatbotLines].some((line) => line.readyState === WebSocket.OPEN);
    hadLine ||= isOpen || window.chatbotLines.hasLost === true; // pages without a server side never have one
    lostSince = isOpen || !hadLine ? null : lostSince ?? Date.now();
    const offline = !navigator.onLine || (lostSince !== null && Date.now() - lostSince >= PATIENCE);
    root.toggleAttribute("data-offline", offline);
    return offline;
  };
  for (const type of ["online", "offline"]) addEventListener(type, lookAtLine);

  // ---- Forms for the API ----

  // An answer may fill places of the page with what must not pass through an event, and lead to the next step.
  const showAnswer = (form, { show = {}, step }) => {
    const place = form.closest("[data-steps]") ?? document;
    for (const [name, text] of Object.entries(show)) {
      for (const spot of place.querySelectorAll(`[data-show="${name}"]`)) spot[spot.matches("img") ? "src" : "textContent"] = text;
    }
    if (!step) return;
    for (const part of place.querySelectorAll("[data-step]")) part.hidden = part.dataset.step !== step;
    $(`[data-step="${step}"] :is(input, button)`, place)?.focus();
  };

  const submitToApi = async (form) => {
    const [error, done, button] = ["[data-form-error]", "[data-form-done]", "button[type=submit]"].map((s) => $(s, form));
    if (button.getAttribute("aria-busy") === "true") return;
    const token = $("[data-token]", form);
    if (token) token.value = window.chatbotLinkToken;
    const body = Object.fromEntries(new FormData(form));
    const next = new URLSearchParams(location.search).get("next");
    if (next && /\/(sign-in|sign-in\/code|start)$/.test(form.dataset.api)) body.next = next;
    error.hidden = done.hidden = true;
    button.setAttribute("aria-busy", "true");
    let message = say("The server can't be reached. What you typed is still here; please try again.");
    try {
      const response = await fetch(form.dataset.api, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
      });
      const answer = await response.json();
      if (response.ok && answer.forget) forgetDrafts();
      if (response.ok && answer.next) { location.assign(answer.next); return; }
      if (response.ok) {
        form.reset();
        done.textContent = answer.message ?? "";
        done.hidden = !answer.message;
        message = "";
        showAnswer(form, answer);
      } else message = answer.error ?? message;
    } catch { /* the message says it */ }
    button.removeAttribute("aria-busy");
    error.textContent = message;
    error.hidden = !message;
  };

  // Back from where a form led to, in a page that the browser kept as it was: one may press it again.
  addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("[data-api] [aria-busy]").forEach((b) => b.removeAttribute("aria-busy"));
  });

  const signOut = async () => {
    try { await fetch("/api/auth/sign-out", { method: "POST" }); } finally {
      forgetDrafts();
      location.assign("/login");
    }
  };

  // ---- The composer ----

  // The message that is on its way, {key, text, draft, since, wait, tries, waits}: until the server took it or refused
  // it by its key. `waits` if the page was offline, so that it was not even handed over.
  let pending = null;
  let resending = false;
  const composer = () => $("textarea[data-composer]");
  // A page that is made anew, after the server was away, does not know for a moment which chat it shows. One that was
  // just opened doesn't either, and what reads what is sent may not be there yet.
  const UNKNOWN = "draft:/";
  const draftKey = (field) => (field.dataset.draft === "/" && field.dataset.openDraft) || `draft:${field.dataset.draft}`;

  const grow = (field) => {
    if (CSS.supports("field-sizing", "content")) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };

  const write = (field, text) => {
    field.value = text;
    grow(field);
    store.set(draftKey(field), text);
  };

  const hint = (text, calm = false) => {
    const line = $("[data-composer-hint]");
    if (!line || line.textContent === text) return;
    line.textContent = text;
    line.toggleAttribute("data-calm", calm);
  };

  const mayBeSent = (field) => {
    const limit = Number(field.dataset.limit);
    const length = field.value.length > limit ? [...field.value].length : field.value.length;
    const fits = length <= limit;
    hint(fits ? "" : `This message has ${length.toLocaleString()} characters; at most ${limit.toLocaleString()} can be sent.`);
    return fits && field.value.trim() !== "";
  };

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

  const freshKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

  const NOT_SENT = "This is not sent yet. It stays here, and is sent as soon as the server can be reached.";
  const ON_ITS_WAY = "The message before this one is still on its way. This one stays here.";
  const GAVE_UP = "This could not be sent. It stays here; please try again.";
  const TRIES = 6; // within some two minutes that the server could be reached
  const CHANGED = "You changed this message: press Enter when it is to be sent.";

  let carried = null; // what was typed on while a new chat got its address belongs there

  // The server took a message: let go of what was sent, and of nothing that was typed since.
  const accepted = (field, key) => {
    scrollToEnd();
    if (pending?.key !== key) return;
    const { draft, text } = pending;
    pending = null;
    hint("");
    outbox.drop(draft);
    if (draftKey(field) === draft && field.value.startsWith(text)) {
      write(field, field.value.slice(text.length).trimStart());
      if (field.value) carried = { draft, until: Date.now() + 3000 };
    } else if (store.get(draft) === text) store.set(draft, "");
  };

  const refused = (key) => {
    if (pending?.key !== key) return;
    outbox.keep(pending.draft, pending.text, key, "refused"); // it may be stored all the same, if nobody knows
    pending = null;
    hint("");
  };

  // Send what is pending, and exactly that, whatever stands in the field by now.
  const sendAgain = (field) => {
    const typed = [field.value, field.selectionStart, field.selectionEnd];
    resending = true;
    field.value = pending.text;
    field.form.requestSubmit();
    resending = false;
    field.value = typed[0];
    field.setSelectionRange(typed[1], typed[2]);
  };

  // What went into a connection that was just dying never arrives, and is sent again, ever less often. What was
  // sent while the page was offline waits in its field, where it can still be changed.
  setInterval(() => {
    const offline = lookAtLine();
    const field = composer();
    if (pending === null || !field || draftKey(field) !== pending.draft) return;
    const waited = Date.now() - pending.since;
    if (pending.waits || waited > 2000) hint(NOT_SENT, true);
    if (offline || (!pending.waits && waited < pending.wait)) return;
    if (pending.tries >= TRIES) {
      refused(pending.key);
      hint(GAVE_UP);
      return;
    }
    Object.assign(pending, { since: Date.now(), wait: Math.min(2 * pending.wait, 30000), waits: false, tries: pending.tries + 1 });
    sendAgain(field);
  }, 1000);

  // Another chat is open. What was typed before the page knew which one belongs to it; what was sent there and
  // never taken is on its way again.
  const openDraft = (field) => {
    const [former, draft] = [field.dataset.openDraft, draftKey(field)];
    if (former === draft) return false;
    const isCarried = carried !== null && carried.draft === former && Date.now() < carried.until;
    carried = null;
    if ((former === UNKNOWN || isCarried) && field.value) {
      store.set(former, "");
      if (pending?.draft === former) pending.draft = draft;
      write(field, field.value);
    } else {
      if (draft === UNKNOWN && field.value) store.set(draft, field.value); // typed before this script ran
      field.value = store.get(draft) ?? "";
      pending = null;
      const left = field.value && outbox.find(draft, field.value);
      const wasTaken = left && field.dataset.accepted?.endsWith(` ${left.key}`);
      if (wasTaken) {
        outbox.drop(draft);
        write(field, "");
      } else if (left && !left.isRefused) pending = message(draft, field.value, left.key, true);
      hint("");
    }
    field.dataset.openDraft = draft;
    grow(field);
    return true;
  };

  const message = (draft, text, key, waits) => ({ draft, text, key, waits, since: Date.now(), wait: 4000, tries: 0 });

  // Enter: false if nothing may be handed to the server now.
  const submit = (field) => {
    if (resending) {
      $("[data-key]", field.form).value = pending.key;
      return true;
    }
    if (pending && !pending.waits) {
      if (field.value !== pending.text) hint(ON_ITS_WAY, true);
      return false;
    }
    if (!mayBeSent(field)) return false;
    const [draft, text] = [draftKey(field), field.value];
    const key = outbox.find(draft, text)?.key ?? freshKey();
    outbox.keep(draft, text, key);
    $("[data-key]", field.form).value = key;
    const offline = lookAtLine();
    pending = message(draft, text, key, offline || draft === UNKNOWN);
    if (offline) hint(NOT_SENT, true);
    return !pending.waits;
  };

  const typed = (field) => {
    write(field, field.value);
    const draft = draftKey(field);
    if (pending?.waits && field.value !== pending.text) {
      pending = null;
      hint(field.value ? CHANGED : "", true);
    }
    if (!pending && store.get(`sending:${draft}`) && !outbox.find(draft, field.value)) outbox.drop(draft);
  };

  // ---- Scrolling: follow while at the end, stay where the reader put it, offer the way back ----

  let following = true;
  const scroller = () => $("[data-scroller]");
  const distance = (box) => box.scrollHeight - box.scrollTop - box.clientHeight;

  const scrollToEnd = () => {
    following = true;
    const box = scroller();
    if (box) box.scrollTop = box.scrollHeight;
    showJump();
  };

  // Before the browser draws what changed, so that the event of it comes in the same frame.
  const keepUp = () => {
    if (following) scrollToEnd();
    else showJump();
  };

  const showJump = () => {
    const [box, jump] = [scroller(), $("[data-jump]")];
    if (!box || !jump) return;
    const isHidden = following || distance(box) < 200;
    if (jump.hidden !== isHidden) jump.hidden = isHidden;
  };

  let [lastTop, lastHeight] = [0, 0];
  on("scroll", (event) => {
    const box = event.target;
    if (!box.matches?.("[data-scroller]")) return;
    if (distance(box) < 8) following = true;
    else if (box.scrollTop < lastTop && box.scrollHeight >= lastHeight) following = false; // else the content shrank
    [lastTop, lastHeight] = [box.scrollTop, box.scrollHeight];
    showJump();
  }, { capture: true, passive: true });

  on("wheel", (event) => {
    const box = scroller();
    if (event.deltaY < 0 && box?.contains(event.target) && box.scrollTop > 0) following = false;
  }, { passive: true });

  const earlier = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting && !following) entry.target.click();
  });

  // ---- Copying ----

  const toClipboard = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(field); // a page on plain http has no clipboard API
    field.select();
    document.execCommand("copy");
    field.remove();
  };

  const copyMessage = async (id, text) => {
    const button = $(`article[data-message-id="${id}"] [data-copy]`);
    await toClipboard(text);
    button?.setAttribute("data-copied", "");
    setTimeout(() => button?.removeAttribute("data-copied"), 1500);
  };

  const copyFrom = async (button, text) => {
    const label = button.textContent;
    if (label === say("Copied")) return;
    await toClipboard(text);
    button.textContent = say("Copied");
    setTimeout(() => { button.textContent = label; }, 1500);
  };

  // ---- Counting characters ----

  const count = (field) => {
    const line = $(`[data-count-for="${field.name}"]`);
    if (!line) return;
    const [length, limit] = [[...field.value].length, Number(line.dataset.limit)];
    const [counted, most] = [length, limit].map((number) => number.toLocaleString(root.lang));
    line.textContent = say("{length} of {limit} characters", { length: counted, limit: most });
    line.toggleAttribute("data-over", length > limit);
  };

  // ---- What happens on the page ----

  const OVER_THE_PAGE = "[role=dialog], [role=alertdialog], [role=menu], dialog[open]";

  on("click", (event) => {
    const hit = (selector) => event.target.closest?.(selector);
    if (hit("[data-toggle-rail]")) {
      const collapsed = root.dataset.rail !== "collapsed";
      collapsed ? (root.dataset.rail = "collapsed") : delete root.dataset.rail;
      store.set("rail", collapsed ? "collapsed" : "");
    }
    if (hit("[data-open-navigation]")) drawer(true);
    else if (hit("[data-close-navigation]") || hit("#rail a") || hit("[data-new-chat]")) drawer(false);
    if (hit("[data-jump]")) scrollToEnd();
    const code = hit("[data-copy-code]");
    if (code) copyFrom(code, $("pre", code.closest("figure")).innerText.replace(/\n$/, ""));
    const link = hit("[data-copy-text]");
    if (link) copyFrom(link, link.dataset.copyText);
    const copy = hit("[data-copy-shown]");
    if (copy) copyFrom(copy, $(`[data-show="${copy.dataset.copyShown}"]`, copy.closest("[data-steps]")).textContent);
  });

  // What was clicked may be gone when the page is drawn anew: the next one of its kind is where one goes on.
  let refocus = null;
  const VERSIONS = [say("Previous version"), say("Next version")];
  const STOP = say("Stop");
  on("click", (event) => {
    const button = event.target.closest?.(".way-on, .versions button");
    if (button) refocus = button.getAttribute("aria-label") ?? button.textContent;
  });

  const focusAgain = () => {
    if (refocus === null || document.activeElement !== document.body) return;
    const names = VERSIONS.includes(refocus) ? [refocus, ...VERSIONS] : [refocus];
    const buttons = [...document.querySelectorAll(".message:last-child button:not(:disabled)")];
    const next = names.map((name) => buttons.find((b) => (b.getAttribute("aria-label") ?? b.textContent) === name)).find(Boolean);
    refocus = null;
    (next ?? composer())?.focus();
  };

  // A dialog or menu that is closed leaves the focus where one came from; a menu's own item that opened a dialog is
  // gone by then, but its button is not.
  const FLOATING = "[role=dialog], [role=alertdialog], [role=menu]";
  let [cameFrom, isAway] = [null, false];
  on("focusin", (event) => {
    if (event.target.closest?.(FLOATING)) isAway = true;
    else if (event.target !== document.body) [cameFrom, isAway] = [event.target, false];
  });
  const comeBack = () => {
    if (!isAway || document.activeElement !== document.body || $(FLOATING)) return;
    isAway = false;
    if (cameFrom?.isConnected) cameFrom.focus();
  };

  // The second click of a double click would send twice, or land on Stop, which takes Send's place.
  on("click", (event) => {
    if (event.detail < 2 || !event.target.closest?.(".send, .starter, .way-on")) return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });

  on("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-api]")) {
      event.preventDefault();
      submitToApi(form);
    }
    const field = $("textarea[data-composer]", form);
    if (!field || submit(field)) return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });

  on("input", (event) => {
    const field = event.target;
    if (field.matches("textarea[data-composer]")) typed(field);
    if (field.matches("[data-counted]")) count(field);
  });

  // ---- The sheet of keyboard shortcuts ----

  const MOD = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
  const sheet = () => $("dialog[data-sheet=shortcuts]");
  const showShortcuts = () => {
    for (const key of sheet()?.querySelectorAll("[data-mod]") ?? []) key.textContent = MOD;
    if (sheet() && !sheet().open) sheet().showModal();
  };
  on("click", (event) => {
    if (event.target === sheet() || event.target.closest?.("[data-close-sheet]")) sheet().close(); // beside it, or ×
  });

  const isTyped = (element) => element.closest?.("input, textarea, select, [contenteditable=true]");

  on("keydown", (event) => {
    const field = event.target;
    if (event.key === "?" && !event.ctrlKey && !event.metaKey && !isTyped(field) && !$(OVER_THE_PAGE)) {
      event.preventDefault();
      showShortcuts();
      return;
    }
    const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    if (event.key === "Enter" && plain && field.matches?.("textarea[data-composer]")) {
      event.preventDefault();
      field.form.requestSubmit();
    } else if (event.key === "Escape" && field.matches?.("[data-rename]")) {
      $("[data-cancel]", field.form)?.click();
    } else if (event.key === "Escape" && event.defaultPrevented) {
      return; // a menu or a dialog took it
    } else if (event.key === "Escape" && root.dataset.drawer) {
      drawer(false);
      $("[data-open-navigation]")?.focus();
    } else if (event.key === "Escape" && !$(OVER_THE_PAGE)) {
      $(`button[aria-label="${STOP}"]`)?.click();
    } else if (event.key.toLowerCase() === "o" && event.shiftKey && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      $("[data-new-chat]")?.click();
    }
  });

  on("focusin", (event) => {
    if (event.target.matches?.("[data-rename]")) event.target.select();
  });

  on("focusout", (event) => {
    if (event.target.matches?.("[data-rename]") && event.target.isConnected) $("[data-cancel]", event.target.form)?.click();
  });

  // React draws when it likes: look at what it drew, and first at what the page came with.
  const look = (changes) => {
    const field = composer();
    const changed = (name) => changes.some((change) => change.attributeName === name);
    if (field && !field.dataset.ready) {
      field.dataset.ready = "true";
      openDraft(field);
    } else if (field) {
      const keyIn = (name) => field.dataset[name].split(" ")[1];
      if (changed("data-refused")) refused(keyIn("refused"));
      if (changed("data-accepted")) accepted(field, keyIn("accepted"));
      if (changed("data-draft") && openDraft(field)) {
        following = true;
        field.focus();
      }
    }
    document.querySelectorAll("[data-counted]:not([data-ready])").forEach((field) => {
      field.dataset.ready = "true";
      count(field);
    });
    document.querySelectorAll("[data-load-earlier]:not([data-ready])").forEach((button) => {
      button.dataset.ready = "true";
      earlier.observe(button);
    });
    focusAgain();
    comeBack();
    keepUp();
  };
  look([]);
  new MutationObserver(look).observe(document, {
    subtree: true, childList: true, characterData: true,
    attributes: true, attributeFilter: ["data-accepted", "data-refused", "data-draft"],
  });

  window.chatbot = { signOut, copyMessage, freshKey, showShortcuts };
})();
