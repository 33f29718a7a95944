// Where the focus goes when an item of a menu opens a dialog or a field, and when that closes again; and the end of
// a toast.
"use strict";

(() => {
  const OPENED = "[role=dialog], [role=alertdialog], [data-rename]";
  const WAIT = 5000; // milliseconds for the server to open what was asked for

  let [opener, line, leadsOn, wasOpen, isEntered, byKeyboard] = [null, null, false, false, false, false];
  let givesUp;
  for (const type of ["keydown", "pointerdown"]) {
    document.addEventListener(type, () => { byKeyboard = type === "keydown"; }, { capture: true, passive: true });
  }

  const NEXT = ["textarea[data-composer]", "[data-new-chat]"]; // to do, for those who go by keys

  const focusFirst = (...places) => places.find((place) => place?.checkVisibility())?.focus();

  // What one came from, or what stands in its place; and if that is gone, the way back or the next thing to do.
  const goOn = () => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const there = opener?.isConnected ? opener : line?.isConnected ? line.querySelector("button") : null;
    const further = byKeyboard ? ["[data-undo]", ...NEXT] : [];
    focusFirst(there, ...further.map((s) => document.querySelector(s)));
  };

  const look = () => {
    const opened = document.querySelector(OPENED);
    // A menu that fades away takes the focus once more when the pointer leaves it.
    if (opened && !isEntered && !document.querySelector("[role=menu]")) {
      isEntered = true;
      if (!opened.contains(document.activeElement)) (opened.matches("input") ? opened : opened.querySelector("input, button"))?.focus();
    }
    if (wasOpen && !opened) {
      watching.disconnect();
      setTimeout(goOn, 50); // after the dialog gave the focus to where it was before, a menu that is gone
    }
    wasOpen = opened !== null;
  };
  const watching = new MutationObserver(look);

  document.addEventListener("click", (event) => {
    const chosen = event.target.closest?.("[data-takes-focus]");
    if (byKeyboard && event.target.closest?.(".toast")) focusFirst(...NEXT.map((s) => document.querySelector(s)));
    if (!chosen) return;
    const menu = chosen.closest("[role=menu]");
    opener = menu ? document.getElementById(menu.getAttribute("aria-labelledby")) : chosen;
    line = opener?.closest("li");
    leadsOn = menu !== null;
    wasOpen = isEntered = false;
    watching.observe(document.body, { childList: true, subtree: true });
    clearTimeout(givesUp);
    givesUp = setTimeout(() => { if (!wasOpen) watching.disconnect(); }, WAIT);
  }, { capture: true });

  // A menu would give the focus back to its button, over which the dialog lies by then.
  const closed = (event) => {
    if (leadsOn) event.preventDefault();
    leadsOn = false;
  };

  document.addEventListener("animationend", (event) => {
    if (event.animationName === "toast") event.target.querySelector("[data-close-toast]")?.click();
  });

  window.chatbotMenus = { closed };
})();
