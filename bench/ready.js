// Runs before anything else of a page: notes when one can type, and when the chat is known (milliseconds since the
// navigation began). A composer that is only there as HTML, before its scripts have taken it over, does not count.
(() => {
  const found = (window.benchReady = {});
  const look = () => {
    const field = document.querySelector("textarea[data-composer]");
    const isHydrated = field && (field.onkeydown || Object.keys(field).some((key) => key.startsWith("__react")));
    if (isHydrated && !field.disabled && !field.readOnly) found.ready ??= performance.now();
    if (found.ready && document.querySelector('.chat[data-empty="true"]:not(:has([data-draft="/"]))')) found.open = performance.now();
    else setTimeout(look, 1);
  };
  look();
})();
