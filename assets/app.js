// What Python can't say: keys, scrolling, the clipboard, and forms that must not travel as events.
// Everything hangs on data attributes and on the document, so it does not matter when React draws what.
"use strict";

(() => {
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const on = (type, listener, options) => document.addEventListener(type, listener, options);

  // The server groups chats by the reader's calendar: minutes from UTC, as JavaScript counts them.
  document.cookie = `tz=${new Date().getTimezoneOffset()}; path=/; max-age=31536000; SameSite=Lax`;

  // ---- The rail: collapsed on a desktop (remembered), a drawer on a phone ----

  // What is typed in a temporary chat stays with its tab.
  const placeFor = (key) => (key.endsWith("/temporary") ? sessionStorage : localStorage);
  const store = {
    get: (key) => { try { return placeFor(key).getItem(key); } catch { return null; } },
    set: (key, value) => { try { value ? placeFor(key).setItem(key, value) : placeFor(key).removeItem(key); } catch { /* full or forbidden */ } },
  };
  // What was typed and not sent is nobody's business once its owner has left.
  const forgetDrafts = () => {
    try {
      for (const place of [localStorage, sessionStorage]) {
        for (const key of Object.keys(place)) if (/^(draft|edit|sending|queued|model|models):/.test(key)) place.removeItem(key);
      }
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
  const stay = () => {
    following = false;
    showJump();
  };

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
    if (distance(box) < 8 && !$("[data-load-later]")) following = true;
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

  // What somebody unfolds is to be read from its beginning. (Before React draws it.)
  on("click", (event) => {
    if (event.target.closest?.("[data-unfolds]")) following = false;
  }, { capture: true });

  // ---- Copying ----

  const toClipboard = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = Object.assign(document.createElement("textarea"), { value: text });
    // A page on plain http has no clipboard API; and a dialog lets nothing outside of it have the focus.
    const from = document.activeElement;
    (from?.closest("[role=dialog], [role=alertdialog]") ?? document.body).append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    from?.focus();
    if (!isCopied) throw new Error("nothing may be copied here");
  };

  const copyMessage = async (id, text) => {
    const button = $(`article[data-message-id="${id}"] [data-copy]`);
    await toClipboard(text);
    button?.setAttribute("data-copied", say("Copied"));
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
    const jump = hit("[data-jump]");
    if (jump) {
      scrollToEnd();
      jump.closest(".chat").querySelector("[data-scroller]").focus({ preventScroll: true }); // the button goes
    }
    const code = hit("[data-copy-code]");
    if (code) copyFrom(code, $("pre", code.closest("figure")).innerText.replace(/\n$/, ""));
    const link = hit("[data-copy-text]");
    if (link) copyFrom(link, link.dataset.copyText);
    const copy = hit("[data-copy-shown]");
    if (copy) copyFrom(copy, $(`[data-show="${copy.dataset.copyShown}"]`, copy.closest("[data-steps]")).textContent);
  });

  // What was clicked may be gone when the page is drawn anew: the next one of its kind in the same place of the
  // conversation is where one goes on, also when a dialog about it is closed; after a deletion, the composer.
  let refocus = null;
  const STOP = say("Stop");
  on("click", (event) => {
    const button = event.target.closest?.("[data-way], [data-deletes], [data-stop]");
    // On a phone the composer would bring the keyboard up over what was written.
    if (button?.matches("[data-stop]") && matchMedia("(hover: none)").matches) return;
    if (button) refocus = { way: button.dataset.way, before: button.closest(".message")?.previousElementSibling?.dataset.messageId };
  });

  const focusAgain = () => {
    if (refocus === null || document.activeElement !== document.body) return;
    const { way, before } = refocus;
    const place = before ? $(`[data-message-id="${before}"] + .message`) : $(".message");
    const ways = /previous|next/.test(way) ? [way, "previous", "next"] : [way];
    const next = place && ways.map((it) => $(`[data-way="${it}"]:not(:disabled)`, place)).find(Boolean);
    refocus = null;
    (next ?? $("textarea[data-composer]"))?.focus();
  };

  // The second click of a double click would send twice, or land on Stop, which takes Send's place.
  on("click", (event) => {
    if (event.detail < 2 || !event.target.closest?.(".send, .starter, .way-on, .regenerate, [data-not-twice]")) return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });

  const ONCE = 1000; // milliseconds in which the same form, pressed again, means the same
  on("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-not-twice]")) {
      const isAgain = event.timeStamp - (form.dataset.sentAt ?? -Infinity) < ONCE;
      if (!isAgain) form.dataset.sentAt = event.timeStamp;
      else {
        event.preventDefault();
        event.stopPropagation();
      }
    } else if (form.matches("[data-api]")) {
      event.preventDefault();
      submitToApi(form);
    }
  }, { capture: true });

  on("input", (event) => {
    const field = event.target;
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
    if (event.key === "Escape" && field.matches?.("[data-rename]")) {
      $("[data-cancel]", field.form)?.click();
    } else if (event.key === "Escape" && event.defaultPrevented) {
      return; // a menu or a dialog took it
    } else if (event.key === "Escape" && root.dataset.drawer) {
      drawer(false);
      $("[data-open-navigation]")?.focus();
    } else if (event.key === "Escape" && !$(OVER_THE_PAGE) && !field.closest?.(".edit-form")) {
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
    const field = event.target;
    if (!field.matches?.("[data-rename]") || !field.isConnected) return;
    // A menu that fades away takes the focus once more when the pointer leaves it; menus.js gives it back.
    if (!event.relatedTarget?.closest("[role=menu]")) $("[data-cancel]", field.form)?.click();
  });

  // React draws when it likes: look at what it drew, and first at what the page came with.
  const look = () => {
    document.querySelectorAll("[data-counted]:not([data-ready])").forEach((field) => {
      field.dataset.ready = "true";
      count(field);
    });
    document.querySelectorAll("[data-load-earlier]:not([data-ready])").forEach((button) => {
      button.dataset.ready = "true";
      earlier.observe(button);
    });
    focusAgain();
    keepUp();
  };
  look();
  new MutationObserver(look).observe(document, {
    subtree: true, childList: true, characterData: true,
  });

  window.chatbot = { $, on, store, lookAtLine, scrollToEnd, signOut, copyMessage, showShortcuts, stay };
})();
