// Keeps hold of the page's websockets, so that app.js can tell when the connection is lost: the framework says
// so only when a new one has failed too, which may take long. Runs before the framework takes the class.
//
// And takes the token of a mailed link (/reset#TOKEN) out of the address before anybody reads it: the framework
// sends a page's address with every event. app.js puts it into the form. It stays with this step of the browser's
// history, for a page that is loaded again (in another language, say) has no address to take it from any more.
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
  if (!/^\/(reset|verify|register)\/?$/.test(location.pathname)) return;
  const linkToken = location.hash.slice(1) || history.state?.linkToken;
  if (!linkToken) return;
  window.chatbotLinkToken = linkToken;
  document.documentElement.dataset.invited = "";
  // A step without a key is written anew by the router, which would forget the token.
  const { key = Math.random().toString(36).slice(2), ...state } = history.state ?? {};
  history.replaceState({ ...state, key, linkToken }, "", location.pathname + location.search);
};
takeToken();
addEventListener("hashchange", takeToken);
