// The composer: what is typed, what is on its way, and what waits for an answer to end.
"use strict";

(() => {
  const { $, on, store, lookAtLine, scrollToEnd, place, whenMoved } = window.chatbot;
  const { drafts, freshKey, outbox, waiting, hint, lengthOf, mayBeSent, showCount, showWhetherItMayGo } = window.chatbot;
  const composer = () => $("textarea[data-composer]");

  // A draft belongs to the chat that the address names, and goes with a chat that is taken to another project. Only
  // the server can tell what is in that chat: until it has, nothing is sent.
  const keyOf = (shown) => `draft:${/\/(temporary)?$/.test(shown) ? shown : shown.split("/")[1]}`;
  let arrival = null; // {from, to}: a chat that was just begun, and whose address is on its way
  const draftKey = (field) => {
    const there = place();
    if (there === null) return field.dataset.openDraft ?? keyOf(field.dataset.draft); // the page is being left
    return keyOf(arrival?.from === there ? arrival.to : there);
  };
  const isShown = (field) => {
    const draft = draftKey(field);
    return keyOf(field.dataset.draft) === draft && !isCarried(draft);
  };
  const isNewChat = (draft) => draft.endsWith("/");
  const isTemporary = (draft) => draft?.endsWith("/temporary") === true;

  // Beyond so many characters the field is as high as it gets, and need not be measured at every key.
  const LONG = 6000;
  const grow = (field, text = field.value) => {
    field.toggleAttribute("data-long", text.length > LONG);
    if (CSS.supports("field-sizing", "content")) return;
    field.style.height = text.length > LONG ? "" : "auto";
    if (text.length <= LONG) field.style.height = `${field.scrollHeight}px`;
  };

  const write = (field, text) => {
    field.value = text;
    grow(field, text);
    showCount(field, text);
    drafts.set(draftKey(field), text);
  };

  // ---- What is on its way ----

  // The message that is on its way, {key, text, draft, since, wait, tries, waits, isHeld, isQueued}: until the server
  // took it or refused it by its key. `waits` if it was not even handed over, for the page was offline, or, `isHeld`,
  // didn't know yet what is in the chat.
  let pending = null;
  let left = null; // what was on its way when its chat was left
  let resending = false;

  const NOT_SENT = say("This is not sent yet. It stays here, and is sent as soon as the server can be reached.");
  const ON_ITS_WAY = say("The message before this one is still on its way. This one stays here.");
  const GAVE_UP = say("This could not be sent. It stays here; please try again.");
  const CHANGED = say("You changed this message: press Enter when it is to be sent.");
  const TWO_TOO_LONG = say("Another message is queued, and together they would be too long. This one stays here.");
  const TRIES = 6; // within some two minutes that the server could be reached

  // {draft, until}: what was typed on, or queued, while a new chat got its address belongs there. Likewise with a chat
  // that becomes a temporary one: from the click on, before the address says so, nothing is sent.
  let carried = null;
  const carry = (draft) => { carried = { draft, until: Date.now() + 3000 }; };
  const isCarried = (draft) => carried !== null && carried.draft === draft && Date.now() < carried.until;

  const message = (draft, text, key, waits) => ({ draft, text, key, waits, since: Date.now(), wait: 4000, tries: 0 });

  const take = (key) => {
    const taken = [pending, left].find((message) => message?.key === key);
    if (taken && taken === pending) {
      pending = null;
      hint("");
    } else if (taken) left = null;
    return taken;
  };

  // The server took a message: let go of what was sent, and of nothing that was typed since.
  const accepted = (field, key) => {
    scrollToEnd();
    const open = field.dataset.openDraft; // whose text stands in the field: a new chat may just have got its address
    if (isNewChat(open) && arrival) choice.set("", open);
    const taken = take(key);
    if (!taken) return;
    const { draft, text, isQueued } = taken;
    if (isNewChat(draft) && open === draft) carry(draft);
    if (isQueued) {
      queue.drop(draft);
      return;
    }
    outbox.drop(draft);
    if (open === draft && field.value.startsWith(text)) {
      drafts.set(draft, "");
      write(field, field.value.slice(text.length).trimStart());
      if (field.value) carry(draft);
    } else if (drafts.get(draft) === text) drafts.set(draft, "");
  };

  const refused = (field, key) => {
    const taken = take(key);
    if (!taken) return;
    const { draft, text, isQueued } = taken;
    if (isQueued && draftKey(field) === draft) queue.takeBack(field);
    outbox.keep(draft, text, key, "refused"); // it may be stored all the same, if nobody knows
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
  const goOn = (field) => {
    const offline = lookAtLine();
    queue.afterAnswer(field);
    if (pending === null || draftKey(field) !== pending.draft) return;
    const waited = Date.now() - pending.since;
    if ((pending.waits && (offline || !pending.isQueued)) || waited > 2000) hint(NOT_SENT, true);
    if (offline || !isShown(field) || (!pending.waits && waited < pending.wait)) return;
    if (pending.isHeld && isAnswering(field)) {
      const { draft, text } = pending;
      pending = null;
      hint("");
      queue.add(field, draft, text);
      return;
    }
    if (pending.tries >= TRIES) {
      refused(field, pending.key);
      hint(GAVE_UP);
      return;
    }
    Object.assign(pending, { since: Date.now(), wait: Math.min(2 * pending.wait, 30000), waits: false, isHeld: false, tries: pending.tries + 1 });
    sendAgain(field);
  };
  setInterval(() => {
    const field = composer();
    field ? goOn(field) : lookAtLine();
  }, 1000);

  // ---- What was sent while an answer is being written: one message, which goes when the answer has ended ----

  const isAnswering = (field) => $("[data-stop]", field.form) !== null;
  const FRESH = 60 * 60 * 1000; // milliseconds for which a queued message goes by itself
  const IS_OLD = say("This was queued a while ago: press Enter if it is still to be sent.");
  const isOld = ({ since }) => Date.now() - since > FRESH;
  let queued = null; // of the chat that is open: {draft, key, text, since, isSent}

  // It has its key from the start, so that whichever tab sends it, or sends it again, it is asked once. After a long
  // time, as when somebody comes back on another day, the same person may think otherwise, and is asked.
  const queue = {
    keep(message) {
      waiting.keep(message);
      queue.show();
    },
    drop(draft) {
      waiting.drop(draft);
      queue.show();
    },

    show() {
      const [field, line] = [composer(), $("[data-queued]")];
      if (!field || !line) return;
      queued = waiting.find(draftKey(field));
      line.hidden = queued === null;
      line.toggleAttribute("data-sent", queued?.isSent === true);
      const text = queued && say("Queued: {message}", { message: queued.text.slice(0, 400) });
      $("[data-queued-text]", line).textContent = text ?? "";
    },

    // Enter while an answer runs. A second message joins the first.
    add(field, draft, text) {
      const before = waiting.find(draft);
      if (before?.isSent) return hint(ON_ITS_WAY, true);
      const whole = before ? `${before.text}\n\n${text}` : text;
      if (before && lengthOf(whole) > Number(field.dataset.limit)) return hint(TWO_TOO_LONG, true);
      const key = (!before && outbox.find(draft, text)?.key) || freshKey();
      queue.keep({ draft, key, text: whole, since: Date.now() });
      outbox.drop(draft);
      write(field, "");
    },

    // Before what was typed since: it was meant to be said first.
    takeBack(field) {
      const taken = waiting.find(draftKey(field));
      if (!taken) return;
      queue.drop(taken.draft);
      if (taken.isSent && !field.value.trim()) outbox.keep(taken.draft, taken.text, taken.key, "refused"); // it may have got there
      write(field, field.value.trim() ? `${taken.text}\n\n${field.value}` : taken.text);
      field.setSelectionRange(field.value.length, field.value.length);
    },

    // An answer that ended well lets it go; one that did not needs a person to look at it first.
    afterAnswer(field) {
      if (!queued || pending || isAnswering(field) || draftKey(field) !== queued.draft || !isShown(field)) return;
      if ($("[data-load-later]")) return; // the last answer is not in the page
      const last = [...document.querySelectorAll("[role=log] article")].at(-1)?.dataset;
      if (last?.role !== "assistant" || last.status === "generating") return;
      if (last.status !== "complete") queue.takeBack(field);
      else if (isOld(queued)) {
        queue.takeBack(field);
        hint(IS_OLD, true);
      } else if (!lookAtLine()) {
        const { draft, key, text, since } = waiting.find(queued.draft) ?? {};
        if (!key) return queue.show();
        pending = { ...message(draft, text, key, false), isQueued: true };
        queue.keep({ draft, key, text, since, isSent: true });
        sendAgain(field);
      }
    },

    // A chat was opened in which one waits: it may be on its way already, or have got there.
    open(field) {
      queue.show();
      if (!queued?.isSent) return;
      const { draft, text, key } = queued;
      if (field.dataset.accepted?.endsWith(` ${key}`)) queue.drop(draft);
      else if (!pending && !isOld(queued)) pending = { ...message(draft, text, key, true), isQueued: true };
    },

    move(former, draft) {
      const moved = waiting.find(former);
      if (!moved || moved.isSent) return;
      queue.drop(former);
      queue.keep({ ...moved, draft });
    },
  };

  addEventListener("storage", (event) => {
    if (event.key?.startsWith("queued:")) queue.show(); // another tab of this chat
  });

  on("click", (event) => {
    const field = composer();
    const hit = (selector) => event.target.closest?.(selector);
    if (!field) return;
    if (hit("[data-stop]") && queued && !queued.isSent) queue.takeBack(field); // stopped to say something else
    if (hit("[data-queued-edit]")) {
      queue.takeBack(field);
      field.focus();
    }
    if (hit("[data-queued-remove]")) {
      queue.drop(draftKey(field));
      field.focus();
    }
  }, { capture: true });

  // ---- The model that was chosen for a chat that is not stored, yet or ever: it is sent with the message ----

  const choice = {
    isFor: (draft) => isNewChat(draft) || isTemporary(draft),
    get: (draft) => (choice.isFor(draft) && store.get(`model:${draft}`)) || "",
    set(name, draft) {
      store.set(`model:${draft}`, name);
      choice.show();
    },
    show() {
      const [field, label] = [composer(), $("[data-model-chosen]")];
      const name = field ? choice.get(draftKey(field)) : "";
      if (label && label.textContent !== name) label.textContent = name;
    },
  };

  // ---- Typing and sending ----

  // A new chat that becomes a temporary one, or the other way round, keeps what was typed and the model.
  on("click", (event) => {
    const field = composer();
    if (!field || !event.target.closest?.("[data-temporary-switch]")) return;
    const draft = draftKey(field);
    carry(draft);
    choice.set(choice.get(draft), `draft:${field.dataset.draft.split("/")[0]}/${isTemporary(draft) ? "" : "temporary"}`);
    if (isTemporary(draft)) choice.set("", draft);
  }, { capture: true });

  // A temporary chat was left: nothing of it stays.
  const forget = (draft) => {
    drafts.set(draft, "");
    outbox.drop(draft);
    queue.drop(draft);
    choice.set("", draft);
  };

  // The address names another chat. What was sent there and never taken is on its way again.
  const openDraft = (field) => {
    const [former, draft] = [field.dataset.openDraft, draftKey(field)];
    if (former === draft) return false;
    drafts.keep();
    const isTaken = isCarried(former);
    carried = null;
    if (isTaken && isNewChat(former)) queue.move(former, draft);
    if (isTemporary(former) && !isTaken) forget(former);
    const isEarly = former === undefined; // what stands there was typed before this script ran
    if ((isEarly || isTaken) && field.value) {
      if (!isEarly) drafts.set(former, "");
      if (pending && pending.draft === former) {
        pending.draft = draft;
        outbox.drop(former);
        outbox.keep(draft, pending.text, pending.key);
      }
      write(field, field.value);
    } else {
      if (pending && !pending.waits && !isTemporary(pending.draft)) left = pending;
      field.value = drafts.get(draft);
      pending = null;
      const sent = field.value && outbox.find(draft, field.value);
      const wasTaken = sent && field.dataset.accepted?.endsWith(` ${sent.key}`);
      if (wasTaken) {
        outbox.drop(draft);
        write(field, "");
      } else if (sent && !sent.isRefused) pending = message(draft, field.value, sent.key, true);
      hint("");
    }
    field.dataset.openDraft = draft;
    isSettled = false;
    queue.open(field);
    choice.show();
    grow(field);
    showCount(field);
    return true;
  };

  let isSettled = false; // whether the server has said what is in the chat
  let hasTabbed = false; // whether one went elsewhere by keyboard meanwhile
  const settle = (field) => {
    if (isSettled || !isShown(field)) return;
    isSettled = true;
    scrollToEnd();
    if (!hasTabbed) field.focus();
    goOn(field);
  };

  on("keydown", (event) => {
    if (event.key === "Tab") hasTabbed = true;
  }, { capture: true });
  whenMoved(() => {
    hasTabbed = false;
    if (arrival?.from !== place()) arrival = null;
    const field = composer();
    if (!field?.dataset.ready || !openDraft(field)) return;
    field.focus();
    settle(field);
  });

  // Enter: false if nothing may be handed to the server now.
  const submit = (field) => {
    const put = (name, value) => { $(`[data-${name}]`, field.form).value = value; };
    put("model", choice.get(draftKey(field)));
    if (resending) {
      put("key", pending.key);
      return true;
    }
    drafts.keep();
    if (pending && !pending.waits) {
      if (field.value !== pending.text) hint(ON_ITS_WAY, true);
      return false;
    }
    if (!mayBeSent(field)) return false;
    const [draft, text] = [draftKey(field), field.value];
    const isHeld = !isShown(field);
    if ((isAnswering(field) && !isHeld) || queued || pending?.isQueued) {
      queue.add(field, draft, text);
      return false;
    }
    const key = outbox.find(draft, text)?.key ?? freshKey();
    outbox.keep(draft, text, key);
    put("key", key);
    const offline = lookAtLine();
    pending = { ...message(draft, text, key, offline || isHeld), isHeld };
    if (offline) hint(NOT_SENT, true);
    return !pending.waits;
  };

  const typed = (field) => {
    const [draft, text] = [draftKey(field), field.value];
    grow(field, text);
    showCount(field, text);
    drafts.later(draft, text);
    if (pending?.waits && !pending.isQueued && text !== pending.text) {
      pending = null;
      hint(text ? CHANGED : "", true);
    }
    if (!pending && store.get(`sending:${draft}`) && !outbox.find(draft, text)) outbox.drop(draft);
  };

  // ↑ in an empty field brings back what one said last; ↓ or Esc lets it go again.
  let recalled = null;
  const recall = (field, key) => {
    if (key === "ArrowUp" && field.value === "") {
      recalled = [...document.querySelectorAll("[role=log] article[data-role=user] .bubble")].at(-1)?.textContent ?? null;
      if (recalled === null) return false;
      write(field, recalled);
      field.setSelectionRange(recalled.length, recalled.length);
      return true;
    }
    const isLetGo = (key === "ArrowDown" || key === "Escape") && recalled !== null && field.value === recalled;
    if (isLetGo) write(field, "");
    return isLetGo;
  };

  on("submit", (event) => {
    const field = $("textarea[data-composer]", event.target);
    if (!field || submit(field)) return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });

  on("input", (event) => {
    if (event.target.matches("textarea[data-composer]")) typed(event.target);
  });

  on("keydown", (event) => {
    const field = event.target;
    const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    if (!plain || !field.matches?.("textarea[data-composer]")) return;
    if (event.key === "Enter") {
      event.preventDefault();
      field.form.requestSubmit();
    } else if (recall(field, event.key)) event.preventDefault();
  }, { capture: true });

  // React draws when it likes: look at what it drew, and first at what the page came with.
  const look = (changes) => {
    const field = composer();
    if (!field) return;
    const changed = (name) => changes.some((change) => change.attributeName === name);
    if (!field.dataset.ready) {
      field.dataset.ready = "true";
      openDraft(field);
      isSettled = isShown(field);
    } else {
      const [there, shown] = [place(), field.dataset.draft];
      if (changed("data-draft")) {
        const isBegun = changed("data-accepted") && there?.endsWith("/") && shown.startsWith(there) && shown !== there;
        arrival = isBegun ? { from: there, to: shown } : null;
      }
      const keyIn = (name) => field.dataset[name].split(" ")[1];
      if (changed("data-refused")) refused(field, keyIn("refused"));
      if (changed("data-accepted")) accepted(field, keyIn("accepted"));
      if (changed("data-draft")) {
        openDraft(field);
        settle(field);
      }
    }
    showWhetherItMayGo(field);
    queue.afterAnswer(field);
  };
  look([]);
  new MutationObserver(look).observe(document, {
    subtree: true, childList: true,
    attributes: true, attributeFilter: ["data-accepted", "data-refused", "data-draft", "data-status"],
  });

  const chosenModel = () => choice.get(draftKey(composer()));
  const chooseForNewChat = (name) => {
    const draft = draftKey(composer());
    if (choice.isFor(draft)) choice.set(name, draft);
    return choice.isFor(draft);
  };
  Object.assign(window.chatbot, { chosenModel, chooseForNewChat });
})();
