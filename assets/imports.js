// A file with chats goes to the API as it is, and how far it got is shown meanwhile.
"use strict";

(() => {
  const parts = (form) => ({
    file: form.querySelector("input[type=file]"),
    bar: form.querySelector("progress"),
    error: form.querySelector("[data-form-error]"),
    done: form.querySelector("[data-form-done]"),
    open: form.querySelector("[data-import-open]"),
    button: form.querySelector("button[type=submit]"),
  });

  const tell = (spot, words) => {
    spot.textContent = words;
    spot.hidden = !words;
  };

  // What the server said, or that it said nothing that could be read.
  const answerOf = (request) => {
    try {
      const answer = JSON.parse(request.responseText);
      if (answer.message || answer.error) return answer;
    } catch { /* a proxy's page, or nothing */ }
    if (request.status === 413) return { error: say("This file is too large to be imported.") };
    return { error: say("The file could not be sent. Please try again; what was imported already is not imported twice.") };
  };

  const finish = (form, request) => {
    const { file, bar, error, done, open, button } = parts(form);
    const answer = answerOf(request);
    const isDone = request.status === 200 && Boolean(answer.message);
    bar.hidden = true;
    button.removeAttribute("aria-busy");
    tell(done, isDone ? answer.message : "");
    tell(error, isDone ? "" : answer.error);
    if (isDone) file.value = "";
    if (isDone && answer.open) {
      open.setAttribute("href", answer.open);
      open.hidden = false;
    }
  };

  const send = (form) => {
    const { file, bar, error, done, open, button } = parts(form);
    if (button.getAttribute("aria-busy") === "true") return;
    tell(error, file.files.length ? "" : say("Please choose a file first."));
    open.hidden = true;
    tell(done, "");
    if (!file.files.length) return;
    button.setAttribute("aria-busy", "true");
    bar.hidden = false;
    bar.value = 0;
    const request = new XMLHttpRequest(); // fetch does not say how far an upload is
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total;
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value"); // how long it is read nobody knows
      tell(done, say("The file has arrived and is being read…"));
    });
    request.addEventListener("loadend", () => finish(form, request));
    request.open("POST", form.dataset.import);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file.files[0]);
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-import]")) return;
    event.preventDefault();
    send(event.target);
  }, { capture: true });
})();
