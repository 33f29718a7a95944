// Evaluated before a chat is opened by a click: from the click to a last answer that can be read, in milliseconds.
(() => {
  window.benchOpened = new Promise((resolve) => {
    let clicked = null;
    addEventListener("click", (event) => { clicked ??= event.timeStamp; }, { capture: true });
    const look = () => {
      const prose = [...document.querySelectorAll('article[data-role="assistant"] .prose')].at(-1);
      const box = prose?.lastElementChild?.getBoundingClientRect();
      const isInView = box && box.height > 0 && box.bottom > 0 && box.bottom <= innerHeight;
      if (isInView && location.pathname.endsWith("PATH")) {
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - clicked)));
      } else setTimeout(look, 1);
    };
    look();
  });
})();
