// Where the focus goes when an item of a menu opens a dialog or a field, when that closes again, and when what the
// menu belongs to moves; and the end of a toast.
"use strict";

(() => {
  const OPENED = "[role=dialog], [role=alertdialog], [data-rename]";
  const WAIT = 5000; // milliseconds for the server to do what was asked for
  const NEXT = ["textarea[data-composer]", "[data-new-chat]"]; // to do, for those who go by keys

  let [opener, href, leadsOn, keepsFocus, wasOpen, isEntered, byKeyboard] = [null, null, false, false, false, false, false];
  let givesUp;
  for (const type of ["keydown", "pointerdown"]) {
    document.addEventListener(type, () => { byKeyboard = type === "keydown"; }, { capture: true, passive: true });
  }

  const focusFirst = (...places) => places.find((place) => place?.checkVisibility())?.focus();
  const found = (selectors) => selectors.map((selector) => document.querySelector(selector));

  // What one came from, or what stands in its place; and if that is gone, the way back or the next thing to do.
  const goOn = () => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const link = href && document.querySelector(`li a[href="${CSS.escape(href)}"]`);
    const there = opener?.isConnected ? opener : link?.closest("li").querySelector("button");
    focusFirst(there, ...(byKeyboard ? found(["[data-undo]", ...NEXT]) : []));
  };

  const look = () => {
    const opened = leadsOn ? document.querySelector(OPENED) : null;
    // A menu that fades away takes the focus once more when the pointer leaves it.
    if (opened && !isEntered && !document.querySelector("[role=menu]")) {
      isEntered = true;
      if (!opened.contains(document.activeElement)) (opened.matches("input") ? opened : opened.querySelector("input, button"))?.focus();
    }
    const hasMoved = !leadsOn && href !== null && !opener?.isConnected;
    if ((wasOpen && !opened) || hasMoved) {
      watching.disconnect();
      setTimeout(goOn, 50); // after a dialog gave the focus to where it was before, a menu that is gone
    }
    wasOpen = opened !== null;
  };
  const watching = new MutationObserver(look);

  document.addEventListener("click", (event) => {
    const chosen = event.target.closest?.("[role=menuitem], [data-takes-focus]");
    if (byKeyboard && event.target.closest?.(".toast")) focusFirst(...found(NEXT));
    if (!chosen) return;
    const menu = chosen.closest("[role=menu]");
    opener = menu ? document.getElementById(menu.getAttribute("aria-labelledby")) : chosen;
    href = opener?.closest("li")?.querySelector("a")?.getAttribute("href") ?? null;
    leadsOn = chosen.hasAttribute("data-takes-focus");
    keepsFocus = leadsOn && menu !== null;
    wasOpen = isEntered = false;
    watching.observe(document.body, { childList: true, subtree: true });
    clearTimeout(givesUp);
    givesUp = setTimeout(() => { if (!wasOpen) watching.disconnect(); }, WAIT);
  }, { capture: true });

  // A menu would give the focus back to its button: over which the dialog lies by then, or from the composer of
  // the chat that was gone to.
  const closed = (event) => {
    if (keepsFocus || document.activeElement?.matches("textarea[data-composer]")) event.preventDefault();
    keepsFocus = false;
  };

  document.addEventListener("animationend", (event) => {
    if (event.animationName === "toast") event.target.querySelector("[data-close-toast]")?.click();
  });

  window.chatbotMenus = { closed };
})();
