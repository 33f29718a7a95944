// Draws ```mermaid``` fences. Mermaid is fetched for the first one and works in an empty frame, whose own policy lets it
// load nothing; what comes out is shown as a picture, in which nothing runs, links or loads (SVG Integration, "secure
// static mode"). So a diagram is as harmless as text, whatever Mermaid takes it for.
import { createElement as h, memo, useEffect, useRef, useState, useSyncExternalStore } from "react";
import mermaidAddress from "@mermaid-js/tiny/dist/mermaid.tiny.js?url";
import { useNear } from "./late.js";

const LEAST_SCALE = 0.6; // narrower than that it would be hard to read: it scrolls then
const LONGEST = 20000; // characters: what is laid out stops the page for as long as it takes
const POLICY = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'";

// Mermaid would fetch addresses in styles to measure what they style, and takes some labels for HTML on its way. The
// frame's policy refuses both; here they are not even tried. What is looked for may be written with entities and escapes.
const plainly = (text) => text
  .replace(/[&#]#?(?:lt|0*60|x0*3c);?/gi, "<")
  .replace(/\\([\da-f]{1,6})[ \n]?/gi, (escape, code) => String.fromCharCode(parseInt(code, 16)))
  .replace(/\/\*[^]*?\*\/|\\(?![xu][\da-f])/gi, "")
  .replace(/<br\s*\/?>|<<\w+>>/gi, " "); // a line's end, and what UML says above a name
const UNWANTED = /(?:url|src|image|image-set)\s*\(|@import|@font-face|\bimg\b|\$sprite|javascript:|<[a-z!?\/]|\\[xu]/i;
const CONFIGURATION = /^---[ \t]*\n[^]*?\n---[ \t]*(?:\n|$)|%%\{[^]*?\}%%/g; // what the page decides: theme, fonts, security

// ---- Light and dark ----

const root = globalThis.document?.documentElement;
const isDark = () => root.classList.contains("dark");
const onTheme = (then) => {
  const observer = new MutationObserver(then);
  observer.observe(root, { attributeFilter: ["class"] });
  return () => observer.disconnect();
};

// Tokens may be colours of a wider kind, which Mermaid does not know: a canvas tells what each looks like.
const palette = () => {
  const style = getComputedStyle(document.querySelector(".radix-themes") ?? root);
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  return (token) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = style.getPropertyValue(token);
    pen.fillRect(0, 0, 1, 1);
    return `#${[...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  };
};

const SERIES = ["--accent-5", "--teal-5", "--amber-5", "--grass-5", "--purple-5", "--blue-5", "--orange-5", "--red-5"];
const themeVariables = () => {
  const colour = palette();
  const [text, line, page] = [colour("--gray-12"), colour("--gray-9"), colour("--gray-1")];
  const series = Object.fromEntries(SERIES.flatMap((token, i) => [[`pie${i + 1}`, colour(token)], [`cScale${i}`, colour(token)], [`cScaleLabel${i}`, text], [`git${i}`, colour(token.replace("5", "8"))], [`gitBranchLabel${i}`, text], [`fillType${i}`, colour(token)]]));
  return {
    ...series, darkMode: isDark(), background: page, fontSize: "15px",
    primaryColor: colour("--accent-3"), primaryBorderColor: colour("--accent-8"), primaryTextColor: text,
    secondaryColor: colour("--gray-3"), secondaryBorderColor: colour("--gray-7"), secondaryTextColor: text,
    tertiaryColor: colour("--gray-2"), tertiaryBorderColor: colour("--gray-6"), tertiaryTextColor: text,
    noteBkgColor: colour("--amber-3"), noteBorderColor: colour("--amber-7"), noteTextColor: text,
    lineColor: line, textColor: text, titleColor: text, edgeLabelBackground: page,
    pieStrokeColor: page, pieOuterStrokeColor: colour("--gray-6"), pieSectionTextColor: text, pieTitleTextColor: text, pieLegendTextColor: text, pieOpacity: "1",
    sectionBkgColor: colour("--gray-3"), altSectionBkgColor: page, gridColor: colour("--gray-6"), todayLineColor: colour("--red-9"),
    taskBkgColor: colour("--accent-5"), taskBorderColor: colour("--accent-8"), taskTextColor: text, taskTextDarkColor: text, taskTextOutsideColor: text,
    activeTaskBkgColor: colour("--amber-5"), activeTaskBorderColor: colour("--amber-8"), doneTaskBkgColor: colour("--gray-5"), doneTaskBorderColor: colour("--gray-8"),
    critBkgColor: colour("--red-5"), critBorderColor: colour("--red-8"),
  };
};

// ---- The frame that Mermaid works in ----

let room = null;
const enter = () => (room ??= new Promise((resolve, reject) => {
  const frame = Object.assign(document.createElement("iframe"), { className: "drawing-room", title: "Mermaid", tabIndex: -1, inert: true });
  frame.setAttribute("aria-hidden", "true");
  const fail = () => { room = null; frame.remove(); reject(new Error("Mermaid was not loaded.")); };
  frame.onload = () => {
    frame.onload = null;
    const { contentDocument: inside, contentWindow: scope } = frame;
    inside.head.append(Object.assign(inside.createElement("meta"), { httpEquiv: "Content-Security-Policy", content: POLICY }));
    const script = Object.assign(inside.createElement("script"), { src: new URL(mermaidAddress, location.href).href });
    script.onload = () => resolve({ mermaid: scope.mermaid, inside });
    script.onerror = fail;
    inside.head.append(script);
  };
  root.append(frame);
}));

const DECIDED_HERE = ["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "suppressErrorRendering", "htmlLabels", "theme", "themeCSS", "themeVariables", "fontFamily", "altFontFamily", "dompurifyConfig", "look", "layout"];
const CLASSIC = { look: "classic", layout: "dagre", theme: "base" }; // elk is another package, under another licence
let drawn = 0;
const draw = async (text) => {
  if (text.length > LONGEST || UNWANTED.test(plainly(text))) throw new Error("This is not drawn.");
  const { mermaid, inside } = await enter();
  const variables = themeVariables();
  const fontFamily = getComputedStyle(document.body).fontFamily;
  mermaid.initialize({
    securityLevel: "strict", secure: DECIDED_HERE, startOnLoad: false, suppressErrorRendering: true, maxTextSize: LONGEST, maxEdges: 300,
    htmlLabels: false, flowchart: { htmlLabels: false }, look: "classic", layout: "dagre", state: { ...CLASSIC, minNodeWidth: 0 }, class: CLASSIC, er: CLASSIC, requirement: CLASSIC, theme: "base", darkMode: variables.darkMode, themeVariables: { ...variables, fontFamily }, fontFamily, logLevel: "fatal",
  });
  try {
    const { svg } = await mermaid.render(`diagram-${++drawn}`, text.replace(CONFIGURATION, "").replace(/[#&]quot;/g, "”"));
    const picture = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
    const [, , width, height] = picture.getAttribute("viewBox").split(/[\s,]+/).map(Number);
    if (!(width > 0 && height > 0)) throw new Error("Nothing was drawn.");
    picture.setAttribute("width", width);
    picture.setAttribute("height", height);
    const title = picture.querySelector("title")?.textContent ?? "";
    return { title, width, height, address: `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(picture))}` };
  } finally {
    inside.body.replaceChildren();
  }
};

let queue = Promise.resolve(); // Mermaid has one configuration at a time
const inTurn = (text) => (queue = queue.then(() => draw(text), () => draw(text)));

// ---- The card ----

// Its place is as high as it will be before the browser has read it: the view follows to its end.
const sizeOf = ({ width, height }) => ({ width, minWidth: width * LEAST_SCALE, aspectRatio: `${width} / ${height}` });

export const Diagram = memo(({ text, isOpen }) => {
  const card = useRef(null);
  const isNear = useNear(card, !isOpen);
  const theme = useSyncExternalStore(onTheme, isDark, () => false);
  const [picture, setPicture] = useState(null);
  const [isUndrawable, setUndrawable] = useState(false);
  const [isSource, setSource] = useState(false);
  useEffect(() => {
    if (!isNear || isOpen) return;
    let isWanted = true;
    inTurn(text).then(
      (it) => { if (isWanted) { setPicture(it); setUndrawable(false); } },
      () => { if (isWanted) { setPicture(null); setUndrawable(true); } },
    );
    return () => { isWanted = false; };
  }, [text, theme, isNear, isOpen]);
  const isShown = picture !== null && !isSource && !isOpen;
  return h("figure", { className: "code-card diagram", ref: card },
    h("figcaption", null,
      h("span", null, "mermaid"),
      h("span", { className: "card-buttons" },
        picture && h("button", { type: "button", onClick: () => setSource(!isSource) }, isSource ? say("Show diagram") : say("Show source")),
        h("button", { type: "button", "data-copy-code": "" }, say("Copy code")))),
    isShown && h("div", { className: "diagram-view", tabIndex: 0 },
      h("img", { src: picture.address, alt: picture.title || say("Diagram"), style: sizeOf(picture) })),
    h("pre", { tabIndex: 0, hidden: isShown }, h("code", null, text)),
    isUndrawable && h("p", { className: "diagram-note" }, say("This diagram could not be drawn, so here is its source.")));
});
