// Choosing a model: the provider's list, searched as one types. It is fetched when it is first wanted.
"use strict";

(() => {
  const { $, on, store, chooseForNewChat } = window.chatbot;
  const SHOWN = 60; // more are found by typing on
  const KNOWN_FOR = 60000; // milliseconds
  const RECENT = 5;

  let [models, fetchedAt] = [[], -Infinity];
  const fetchModels = async () => {
    if (performance.now() - fetchedAt < KNOWN_FOR) return;
    try {
      const response = await fetch("/api/models");
      if (!response.ok) return;
      models = (await response.json()).models;
      for (const model of models) model.words = `${model.name} ${model.title}`.toLowerCase();
      if (models.length) fetchedAt = performance.now();
    } catch { /* a name may be typed all the same */ }
  };

  const recent = {
    list: () => (store.get("models:recent") ?? "").split("\n").filter(Boolean),
    add: (name) => store.set("models:recent", [name, ...recent.list().filter((other) => other !== name)].slice(0, RECENT).join("\n")),
  };

  // What belongs to a field: its list, the note beneath, and whether it chooses for a chat.
  const listOf = (field) => document.getElementById(field.getAttribute("aria-controls"));
  const noteOf = (field) => $("[data-model-note]", listOf(field).parentElement);
  const isForChat = (field) => field.dataset.modelSearch === "chat";
  const isOpen = (field) => (isForChat(field) ? $("#model-picker").matches(":popover-open") : !listOf(field).parentElement.hidden);

  const current = () => {
    const button = $("[data-model-button]");
    return $("[data-model-chosen]", button).textContent || button.dataset.known;
  };

  // The project's own model first, then those that were used lately, then the provider's order.
  const found = (field) => {
    const typed = field.value.trim();
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (text) => words.every((word) => text.includes(word));
    const first = isForChat(field) ? recent.list().map((name) => models.find((model) => model.name === name)).filter(Boolean) : [];
    const all = [...new Set([...first, ...models])].filter((model) => fits(model.words));
    const isListed = typed === "" || models.some((model) => model.name === typed);
    const own = isForChat(field) && typed === "" ? [{ name: "", title: say("The project's model"), more: $("[data-model-button]").dataset.default }] : [];
    const asTyped = isForChat(field) && !isListed ? [{ name: typed, title: say("Use “{name}”", { name: typed }) }] : [];
    return [...own, ...all, ...asTyped];
  };

  const tokens = (count) => (count >= 1e6 ? `${+(count / 1e6).toFixed(1)}M` : `${Math.round(count / 1000)}K`);
  const line = (text, className) => Object.assign(document.createElement("span"), { textContent: text, className });

  const option = (model, number, list, chosen) => {
    const item = Object.assign(document.createElement("li"), { id: `${list.id}-${number}`, className: "model-option" });
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(model.name !== "" && model.name === chosen));
    item.dataset.name = model.name;
    item.append(line(model.title || model.name, "model-title"));
    const more = model.more ?? (model.title ? model.name : "");
    if (more) item.append(line(more, "model-name"));
    if (model.context) item.append(line(say("{count} tokens", { count: tokens(model.context) }), "model-context"));
    return item;
  };

  // With the option that was gone to by key, where there still is one of that name.
  const draw = (field, wanted = null) => {
    const list = listOf(field);
    const options = found(field);
    const chosen = isForChat(field) ? current() : field.value.trim();
    list.replaceChildren(...options.slice(0, SHOWN).map((model, number) => option(model, number, list, chosen)));
    list.scrollTop = 0;
    const rest = options.length - SHOWN;
    noteOf(field).textContent = !models.length ? say("No list of models came. Type a name to use it.") : rest > 0 ? say("{count} more: type to find them", { count: rest })
      : options.length ? "" : say("No model of this name is listed.");
    const at = [...list.children].findIndex((item) => item.dataset.name === wanted);
    mark(field, at >= 0 ? at : isForChat(field) && field.value.trim() ? 0 : -1);
  };

  const mark = (field, number) => {
    const list = listOf(field);
    $("[data-active]", list)?.removeAttribute("data-active");
    const item = list.children[number];
    item ? field.setAttribute("aria-activedescendant", item.id) : field.removeAttribute("aria-activedescendant");
    item?.setAttribute("data-active", "");
    item?.scrollIntoView({ block: "nearest" });
  };

  const step = (field, by) => {
    const items = [...listOf(field).children];
    if (!items.length) return;
    const at = items.findIndex((item) => item.hasAttribute("data-active"));
    const next = at < 0 ? (by > 0 ? 0 : items.length - 1) : (at + by + items.length) % items.length;
    mark(field, next);
    items[next].setAttribute("data-gone-to", "");
  };

  const open = async (field) => {
    if (!isForChat(field)) listOf(field).parentElement.hidden = false;
    if (!models.length) noteOf(field).textContent = say("Looking which models there are…");
    await fetchModels();
    if (isOpen(field)) draw(field, $("[data-active][data-gone-to]", listOf(field))?.dataset.name);
  };

  const close = (field) => {
    if (isForChat(field)) $("#model-picker").hidePopover();
    else listOf(field).parentElement.hidden = true;
    field.removeAttribute("aria-activedescendant");
  };

  const pick = (field, name) => {
    close(field);
    if (!isForChat(field)) {
      field.value = name;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      close(field);
      return;
    }
    if (name) recent.add(name);
    if (!chooseForNewChat(name)) {
      const form = $("[data-model-form]");
      $("[data-model-choice]", form).value = name;
      form.requestSubmit();
    }
    $("textarea[data-composer]")?.focus();
  };

  // ---- What happens on the page ----

  const searchIn = (event) => (event.target.matches?.("[data-model-search]") ? event.target : null);

  on("beforetoggle", (event) => {
    if (event.target.id !== "model-picker" || event.newState !== "open") return;
    const at = $("[data-model-button]").getBoundingClientRect();
    const style = event.target.style;
    style.right = `${Math.max(12, innerWidth - at.right)}px`;
    const isLow = at.top > innerHeight / 2; // in the middle, in a chat that is still empty, there is more room beneath
    style.bottom = isLow ? `${innerHeight - at.top + 8}px` : "auto";
    style.top = isLow ? "auto" : `${at.bottom + 8}px`;
    style.setProperty("--room", `${(isLow ? at.top : innerHeight - at.bottom) - 24}px`);
  }, { capture: true });

  on("toggle", (event) => {
    if (event.target.id !== "model-picker" || event.newState !== "open") return;
    const field = $("[data-model-search]", event.target);
    field.value = "";
    field.focus();
    open(field);
  }, { capture: true });

  on("focusin", (event) => {
    const field = searchIn(event);
    if (field && !isForChat(field)) open(field);
  });
  on("focusout", (event) => {
    const field = searchIn(event);
    if (field && !isForChat(field)) close(field);
  });
  on("input", (event) => {
    const field = searchIn(event);
    if (!field) return;
    if (isOpen(field)) draw(field);
    else if (document.activeElement === field) open(field);
  });

  on("keydown", (event) => {
    const field = searchIn(event);
    if (!field || event.isComposing) return;
    const active = $("[data-active]", listOf(field));
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      isOpen(field) ? step(field, event.key === "ArrowDown" ? 1 : -1) : open(field);
    } else if (event.key === "Enter" && isOpen(field) && active) pick(field, active.dataset.name);
    else if (event.key === "Escape" && isOpen(field)) close(field);
    else if (event.key !== "Enter" || !isForChat(field)) return;
    event.preventDefault();
  }, { capture: true });

  // Before the field loses the focus, and with it its list.
  on("mousedown", (event) => {
    if (event.target.closest?.(".model-option")) event.preventDefault();
  });
  on("click", (event) => {
    const item = event.target.closest?.(".model-option");
    if (item) pick($(`[data-model-search][aria-controls="${item.parentElement.id}"]`), item.dataset.name);
  });
})();
