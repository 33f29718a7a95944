// Keeps hold of the page's websockets, so that app.js can tell when the connection is lost: the framework says
// so only when a new one has failed too, which may take long. Runs before the framework takes the class.
//
// And takes the token of a mailed link (/reset#TOKEN) out of the address before anybody reads it: the framework
// sends a page's address with every event. app.js puts it into the form.
"use strict";

window.chatbotLines = new Set();
window.WebSocket = class extends WebSocket {
  constructor(...address) {
    super(...address);
    window.chatbotLines.add(this);
    this.addEventListener("close", () => {
      window.chatbotLines.delete(this);
      window.chatbotLines.hasLost = true; // one that was open, or that was refused
    });
  }
};

window.chatbotLinkToken = "";
const takeToken = () => {
  if (!/^\/(reset|verify|register)\/?$/.test(location.pathname) || location.hash.length < 2) return;
  window.chatbotLinkToken = location.hash.slice(1);
  document.documentElement.dataset.invited = "";
  history.replaceState(history.state, "", location.pathname + location.search);
};
takeToken();
addEventListener("hashchange", takeToken);
