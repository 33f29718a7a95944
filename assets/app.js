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

  // ---- The connection (line.js holds it) ----

  const PATIENCE = 2000; // milliseconds without one, as at every start, that nobody need hear of
  let lostSince = null;

  const lookAtLine = () => {
    const line = window.chatbotLine;
    lostSince = !line || line.readyState === WebSocket.OPEN ? null : lostSince ?? Date.now();
    const offline = !navigator.onLine || (lostSince !== null && Date.now() - lostSince >= PATIENCE);
    root.toggleAttribute("data-offline", offline);
    return offline;
  };
  for (const type of ["online", "offline"]) addEventListener(type, lookAtLine);

  // ---- Forms for the API ----

  const submitToApi = async (form) => {
    const [error, done, button] = ["[data-form-error]", "[data-form-done]", "button[type=submit]"].map((s) => $(s, form));
    if (button.getAttribute("aria-busy") === "true") return;
    const body = Object.fromEntries(new FormData(form));
    const next = new URLSearchParams(location.search).get("next");
    if (next && form.dataset.api.endsWith("/sign-in")) body.next = next;
    error.hidden = done.hidden = true;
    button.setAttribute("aria-busy", "true");
    let message = "The server can't be reached. What you typed is still here; please try again.";
    try {
      const response = await fetch(form.dataset.api, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
      });
      const answer = await response.json();
      if (response.ok && answer.next) { location.assign(answer.next); return; }
      if (response.ok) {
        form.reset();
        done.textContent = answer.message;
        done.hidden = false;
        message = "";
      } else message = answer.error ?? message;
    } catch { /* the message says it */ }
    button.removeAttribute("aria-busy");
    error.textContent = message;
    error.hidden = !message;
  };

  const signOut = async () => {
    try { await fetch("/api/auth/sign-out", { method: "POST" }); } finally { location.assign("/login"); }
  };

  // ---- The composer ----

  let sent = null; // {text, draft, key, since, waits}: what was submitted last, until the server takes or refuses it
  const composer = () => $("textarea[data-composer]");
  const draftKey = (field) => `draft:${field.dataset.draft}`;

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

  // A message keeps its name until the server took it, over failures and reloads: sent again, it is
  // not asked again. The name belongs to its words; with other words it is another message.
  const keyFor = (draft, text) => {
    let sum = 5381;
    for (let i = 0; i < text.length; i++) sum = (sum * 33 + text.charCodeAt(i)) | 0;
    const words = `${text.length}.${sum}`;
    const [known, key] = (store.get(`sending:${draft}`) ?? "").split(" ");
    if (known === words) return key;
    const fresh = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
    store.set(`sending:${draft}`, `${words} ${fresh}`);
    return fresh;
  };

  // The server took the message: let go of what was sent, and of nothing that was typed since.
  const accepted = (field) => {
    if (sent !== null) {
      store.set(sent.draft, "");
      store.set(`sending:${sent.draft}`, "");
      write(field, field.value.startsWith(sent.text) ? field.value.slice(sent.text.length).trimStart() : field.value);
      hint("");
    }
    sent = null;
    scrollToEnd();
  };

  const refused = () => {
    sent = null;
    hint("");
  };

  // A message that is sent while the page is offline waits in its field, where it can still be changed.
  // One that went into a connection that was just dying never arrives: it is sent again.
  const NOT_SENT = "This is not sent yet. It stays here, and is sent as soon as the server can be reached.";
  setInterval(() => {
    const offline = lookAtLine();
    const field = composer();
    if (sent === null || !field) return;
    if (!field.value.startsWith(sent.text)) return refused();
    const waited = Date.now() - sent.since;
    if (waited > 2000) hint(NOT_SENT, true);
    if ((sent.waits || waited > 4000) && !offline) field.form.requestSubmit();
  }, 1000);

  // Another chat is open. What was typed before the page knew which one belongs to it. A page that is
  // made anew, after the server was away, does not know it for a moment either; nothing changes then.
  const openDraft = (field) => {
    const former = field.dataset.openDraft;
    if (former && [former, "draft:/"].includes(draftKey(field))) return false;
    sent = null;
    if (former === "draft:/" && field.value) {
      store.set(former, "");
      write(field, field.value);
    } else field.value = store.get(draftKey(field)) ?? "";
    field.dataset.openDraft = draftKey(field);
    grow(field);
    return true;
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

  let scheduled = false; // once a frame: asking for the height makes the browser lay out the page
  const scrollSoon = () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      if (following) scrollToEnd();
      else showJump();
    });
  };

  const showJump = () => {
    const [box, jump] = [scroller(), $("[data-jump]")];
    if (box && jump) jump.hidden = following || distance(box) < 200;
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

  const copyCode = async (button) => {
    await toClipboard($("pre", button.closest("figure")).textContent.replace(/\n$/, ""));
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy code"; }, 1500);
  };

  // ---- Counting characters ----

  const count = (field) => {
    const line = $(`[data-count-for="${field.name}"]`);
    if (!line) return;
    const [length, limit] = [[...field.value].length, Number(line.dataset.limit)];
    line.textContent = `${length.toLocaleString()} of ${limit.toLocaleString()} characters`;
    line.toggleAttribute("data-over", length > limit);
  };

  // ---- What happens on the page ----

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
    if (code) copyCode(code);
  });

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
    if (!field) return;
    if (!mayBeSent(field)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const draft = draftKey(field);
    const key = keyFor(draft, field.value);
    $("[data-key]", form).value = key;
    sent = { text: field.value, draft, key, since: Date.now(), waits: lookAtLine() };
    if (sent.waits) {
      event.preventDefault();
      event.stopPropagation();
      hint(NOT_SENT, true);
    }
  }, { capture: true });

  on("input", (event) => {
    const field = event.target;
    if (field.matches("textarea[data-composer]")) write(field, field.value);
    if (field.matches("[data-counted]")) count(field);
  });

  on("keydown", (event) => {
    const field = event.target;
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
    } else if (event.key === "Escape" && !$("[role=dialog], [role=alertdialog], [role=menu]")) {
      $('button[aria-label="Stop"]')?.click();
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

  // React draws when it likes: look at what it drew.
  new MutationObserver((changes) => {
    const field = composer();
    const changed = (name) => changes.some((change) => change.attributeName === name);
    // A page that was made anew counts from nothing: only what rises says that a message was taken.
    const risen = (name) => changes.some((change) => change.attributeName === name
      && Number(change.target.getAttribute(name)) > Number(change.oldValue));
    if (field && !field.dataset.ready) {
      field.dataset.ready = "true";
      openDraft(field);
    } else if (field) {
      if (risen("data-refused")) refused();
      if (risen("data-accepted")) accepted(field);
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
    scrollSoon();
  }).observe(document, {
    subtree: true, childList: true, characterData: true,
    attributes: true, attributeOldValue: true, attributeFilter: ["data-accepted", "data-refused", "data-draft"],
  });

  window.chatbot = { signOut, copyMessage };
})();
