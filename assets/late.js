// What is left for later: code that is fetched when something first needs it, work that waits until it is near the view.
import { useEffect, useState } from "react";

const loading = {};
const loaded = {};
const sources = {
  katex: () => import("katex").then(async (module) => (await import("katex/dist/katex.min.css"), module.default)),
  highlighter: () => import("highlight.js/lib/common").then((module) => module.default),
};

export const useLate = (name, isNeeded) => {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (!isNeeded || loaded[name]) return;
    loading[name] ??= sources[name]().then((it) => { loaded[name] = it; });
    loading[name].then(() => redraw((n) => n + 1), () => { delete loading[name]; });
  }, [name, isNeeded]);
  return isNeeded ? loaded[name] : undefined;
};

const waiting = new Map();
let watcher = null;
const whenNear = (element, then) => {
  watcher ??= new IntersectionObserver((entries) => entries.forEach((entry) => {
    if (!entry.isIntersecting) return;
    waiting.get(entry.target)?.();
    waiting.delete(entry.target);
    watcher.unobserve(entry.target);
  }), { rootMargin: "1000px" });
  waiting.set(element, then);
  watcher.observe(element);
  return () => { waiting.delete(element); watcher.unobserve(element); };
};

// Whether the element came near the view while that was wanted.
export const useNear = (element, isWanted) => {
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    if (isWanted && !isNear) return whenNear(element.current, () => setNear(true));
  }, [isWanted, isNear]);
  return isNear;
};
