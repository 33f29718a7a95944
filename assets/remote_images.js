// An image of another host in an answer: a card that names the host. Only who asks for the image fetches it, for its
// address may carry away what the answer knows, and the host learns who reads it (docs/decisions/0017).
import { createElement as h, memo, useEffect, useRef, useState } from "react";

// The host of an address that may be fetched from: of another site, over https.
export const hostOf = (address) => {
  try {
    const { protocol, host, username } = new URL(address.startsWith("//") ? `https:${address}` : address);
    return protocol === "https:" && username === "" ? host : "";
  } catch {
    return "";
  }
};

export const RemoteImage = memo(({ address, host, alt, link }) => {
  const [state, setState] = useState("asked");
  const way = useRef(null);
  useEffect(() => { if (state === "loading") way.current?.focus(); }, [state]); // the button is gone
  const isWanted = state === "loading" || state === "loaded";
  return h("span", { className: "remote-image", "data-state": state },
    isWanted && h("img", { src: address, alt, title: link.title, loading: "lazy", decoding: "async", referrerPolicy: "no-referrer", onLoad: () => setState("loaded"), onError: () => setState("failed") }),
    h("span", { className: "remote-image-line" },
      h("span", { className: "remote-image-words" },
        !isWanted && alt !== "" && h("span", { className: "remote-image-alt" }, alt),
        h("a", { ...link, ref: way, className: "remote-image-host" }, say("Image from {host}", { host }))),
      !isWanted && h("button", { type: "button", className: "button", onClick: () => setState("loading") }, state === "failed" ? say("Try again") : say("Load image"))),
    h("span", { role: "status", className: "remote-image-problem" }, state === "failed" && say("This image could not be loaded.")));
});
