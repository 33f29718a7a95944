// Runs before anything else of a page: counts what comes on its websockets, inflated (characters, nearly all ASCII).
(() => {
  window.benchReceived = 0;
  window.WebSocket = class extends WebSocket {
    constructor(...address) {
      super(...address);
      this.addEventListener("message", ({ data }) => { window.benchReceived += data.length ?? data.byteLength ?? 0; });
    }
  };
})();
