// Keeps hold of the page's websockets, so that app.js can tell when the connection is lost: the framework says
// so only when a new one has failed too, which may take long. Runs before the framework takes the class.
"use strict";

window.chatbotLines = new Set();
window.WebSocket = class extends WebSocket {
  constructor(...address) {
    super(...address);
    window.chatbotLines.add(this);
    this.addEventListener("close", () => window.chatbotLines.delete(this));
  }
};
