// Keeps hold of the page's websocket, so that app.js can tell when the connection is lost: the framework says
// so only when a new one has failed too, which may take long. Runs before the framework takes the class.
"use strict";

window.WebSocket = class extends WebSocket {
  constructor(...address) {
    super(...address);
    window.chatbotLine = this;
  }
};
