// The search palette: opens over the page, sends what is typed when the typing pauses, and moves through what is there
// while the focus stays in the field. And what it leads to: the place of a message within a long chat.
"use strict";

(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const on = (type, listener, options) => document.addEventListener(type, listener, options);
  const palette = () => $("#palette");
  const field = () => $("#palette [name=search]");
  const list = () => $("#palette-options");
  const isOpen = () => palette()?.open === true;
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  document.documentElement.toggleAttribute("data-mac", isMac); // the styles write its keys
  const PAUSE = 150; // milliseconds without a key, after which the words are looked for

  let sent = null; // what is being looked for, or was last
  let timer = 0;
  let chosen = null; // the option that Enter takes
  let isEntered = false; // Enter came before what it is meant for

  const isPending = () => field().value !== list().dataset.foundFor || list().dataset.loaded !== "true";

  const send = () => {
    clearTimeout(timer);
    sent = field().value;
    field().form.requestSubmit();
  };

  const open = () => {
    if (!palette() || isOpen()) return;
    palette().showModal();
    field().value = "";
    isEntered = false;
    chosen = null;
    field().focus();
    send();
    show();
  };

  const close = () => {
    clearTimeout(timer);
    palette()?.close();
  };

  // ---- What can be chosen ----

  const options = () => [...list().querySelectorAll("[role=option]:not([hidden])")];

  const fits = (option, words) => {
    if (option.dataset.needs && !window.chatbot[option.dataset.needs]) return false;
    if (words.length === 0) return !("project" in option.dataset);
    const name = option.textContent.toLowerCase();
    return words.every((word) => name.startsWith(word) || name.includes(` ${word}`));
  };

  const show = () => {
    const words = field().value.toLowerCase().split(/\s+/).filter(Boolean);
    const commands = [...list().querySelectorAll("[data-command]")];
    for (const option of commands) {
      const isHidden = !fits(option, words);
      if (option.hidden !== isHidden) option.hidden = isHidden;
    }
    const group = commands[0]?.parentElement;
    if (group) group.hidden = commands.every((option) => option.hidden);
    palette().toggleAttribute("data-pending", isPending());
    const there = options();
    palette().toggleAttribute("data-nothing", there.length === 0);
    if (!there.includes(chosen)) chosen = null;
    choose(chosen ?? there[0] ?? null, false);
    if (isEntered && !isPending()) {
      isEntered = false;
      (list().querySelector(".palette-found [role=option]") ?? chosen)?.click();
    }
  };

  const choose = (option, isMoved = true) => {
    if (isMoved || option === null || option.getAttribute("aria-selected") !== "true") {
      for (const other of list().querySelectorAll("[role=option]")) other.setAttribute("aria-selected", String(other === option));
    }
    if (option) {
      option.id ||= `palette-option-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
      field().setAttribute("aria-activedescendant", option.id);
      if (isMoved) option.scrollIntoView({ block: "nearest" });
    } else field().removeAttribute("aria-activedescendant");
    if (isMoved) chosen = option;
  };

  const move = (key) => {
    const there = options();
    if (there.length === 0) return;
    const at = there.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: Math.min(at + 5, there.length - 1), PageUp: Math.max(at - 5, 0) }[key];
    choose(there[(to + there.length) % there.length]);
  };

  const enter = () => {
    const option = options().find((one) => one.getAttribute("aria-selected") === "true");
    const isCommand = option && "command" in option.dataset;
    if (isPending() && !isCommand) {
      isEntered = true;
      if (sent !== field().value) send();
    } else option?.click();
  };

  on("keydown", (event) => {
    const isCalled = event.key.toLowerCase() === "k" && (isMac ? event.metaKey : event.ctrlKey) && !event.shiftKey && !event.altKey;
    if (isCalled && palette()) {
      event.preventDefault();
      isOpen() ? close() : open();
      return;
    }
    if (!isOpen() || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault(); // and no answer is stopped
      event.stopPropagation();
      close();
    } else if (event.target === field() && /^(Arrow(Up|Down)|Page(Up|Down))$/.test(event.key)) {
      event.preventDefault();
      move(event.key);
    } else if (event.target === field() && event.key === "Enter") {
      event.preventDefault();
      enter();
    }
  }, { capture: true });

  on("input", (event) => {
    if (event.target !== field()) return;
    isEntered = false;
    chosen = null;
    show();
    clearTimeout(timer);
    timer = setTimeout(send, PAUSE);
  });

  on("click", (event) => {
    const hit = (selector) => event.target.closest?.(selector);
    if (hit("[data-open-palette]")) open();
    else if (event.target === palette() || hit("[data-close-palette]")) close();
    else if (hit("#palette [role=option]:not([data-stays-open])") && !event.ctrlKey && !event.metaKey) close();
    else if (hit("#palette [role=option]")) field().focus();
    if (hit("[data-jump]")) $("[data-show-end]")?.click();
    if (hit("[data-show-end]")) window.chatbot.scrollToEnd();
  });

  on("mousemove", (event) => {
    const option = isOpen() && event.target.closest?.("#palette [role=option]");
    if (option && option.getAttribute("aria-selected") !== "true") choose(option);
  }, { passive: true });

  // ---- The message that an address names ----

  const MARKED = 2400; // milliseconds
  const SETTLING = 800; // milliseconds in which what is drawn late may still move it
  let landed = null; // the article

  const land = () => {
    const id = new URLSearchParams(location.search).get("message");
    if (id && /^[0-9a-f-]{36}$/.test(id)) {
      const article = $(`article[data-message-id="${id}"]`);
      if (!article) return;
      // A reload leads to the end, as it does everywhere.
      history.replaceState(history.state, "", location.pathname);
      article.tabIndex = -1;
      article.focus({ preventScroll: true });
      article.setAttribute("data-found", "");
      setTimeout(() => article.removeAttribute("data-found"), MARKED);
      landed = article;
      setTimeout(settle, SETTLING);
    }
    if (!landed?.isConnected) return;
    window.chatbot.stay();
    landed.scrollIntoView({ block: landed.offsetHeight > innerHeight / 2 ? "start" : "center" });
  };

  // From now on it is the reader who scrolls; what was in view all the time has to be told again.
  const settle = () => {
    landed = null;
    for (const button of document.querySelectorAll("[data-load-later]")) {
      later.unobserve(button);
      later.observe(button);
    }
  };
  for (const type of ["wheel", "touchmove", "keydown", "pointerdown"]) on(type, () => { landed = null; }, { passive: true });

  const later = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting && !landed) entry.target.click();
  });

  // React draws when it likes: look at what it drew.
  const look = () => {
    for (const button of document.querySelectorAll("[data-load-later]:not([data-ready])")) {
      button.dataset.ready = "true";
      later.observe(button);
    }
    land();
    if (isOpen()) show();
  };
  look();
  new MutationObserver(look).observe(document, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-found-for", "data-loaded", "data-draft"],
  });
})();
