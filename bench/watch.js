// Evaluated in a page before Enter: notes when the next answer's text changes and when it is no longer being
// written, each as soon as the page knows (DOM) and after the next frame (painted). Reads no text while it grows.
// Times are the page's `performance.now()`, in milliseconds.
(() => {
  const now = () => performance.now();
  const seen = { enter: null, first: null, painted: null, ended: null, endPainted: null, status: null, changes: [], longTasks: [] };
  const answers = () => [...document.querySelectorAll('article[data-role="assistant"]')];
  const before = new Set(answers().map((article) => article.dataset.messageId));
  const painted = (name) => requestAnimationFrame(() => setTimeout(() => { seen[name] = now(); }));

  addEventListener("keydown", (event) => { if (event.key === "Enter") seen.enter ??= event.timeStamp; }, { capture: true });
  const tasks = new PerformanceObserver((list) => list.getEntries().forEach((entry) => seen.longTasks.push(entry.duration)));
  tasks.observe({ type: "longtask" });

  let article = null;
  const changesText = (prose) => (change) => change.type !== "attributes" && prose.contains(change.target)
    && (change.type === "characterData" || change.addedNodes.length > 0 || change.removedNodes.length > 0);

  window.bench = new Promise((resolve) => {
    let quiet;
    const finish = () => {
      observer.disconnect();
      tasks.disconnect();
      resolve({ ...seen, status: article.dataset.status, text: article.querySelector(".prose").textContent });
    };
    const observer = new MutationObserver((changes) => {
      if (!article?.isConnected) {
        article = answers().at(-1);
        if (!article || before.has(article.dataset.messageId)) { article = null; return; }
      }
      const prose = article.querySelector(".prose");
      if (prose && changes.some(changesText(prose))) {
        if (seen.first === null && prose.textContent) seen.first = now();
        if (seen.first !== null) seen.changes.push(now());
        painted("painted");
      }
      if (["complete", "stopped", "interrupted", "failed"].includes(article.dataset.status)) {
        if (seen.ended === null) {
          seen.ended = now();
          painted("endPainted");
        }
        clearTimeout(quiet);
        quiet = setTimeout(finish, 1000);
      }
    });
    observer.observe(document, {
      subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["data-status"],
    });
  });
})()
