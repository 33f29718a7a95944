// Which chat the page's address names. The address changes at once, what the page shows a moment later, when the
// server has said it.
"use strict";

(() => {
  const CHAT = /^\/projects\/([^/]+)\/chat(?:\/([^/]*))?\/?$/;

  // Written as the server writes it: project/chat, project/ for a new one, project/temporary; null on other pages.
  const place = () => {
    const [, project, chat] = location.pathname.match(CHAT) ?? [];
    if (!project) return null;
    const isTemporary = !chat && new URLSearchParams(location.search).get("temporary") === "1";
    return `${project}/${isTemporary ? "temporary" : chat ?? ""}`;
  };

  // Where "New chat" leads before the server has said which project's chats are listed; "/" leads to the last chat.
  const newChat = () => {
    const [, project] = location.pathname.match(/^\/projects\/([^/]+)/) ?? [];
    return project ? `/projects/${project}/chat` : "/";
  };

  // Links, the router and redirects go by these two, the browser's own buttons by an event.
  const whenMoved = (tell) => {
    for (const way of ["pushState", "replaceState"]) {
      const go = history[way];
      history[way] = (...where) => {
        go.apply(history, where);
        tell();
      };
    }
    addEventListener("popstate", tell);
  };

  Object.assign(window.chatbot, { place, newChat, whenMoved });
})();
