// How the pages' style sheets are made: as Reflex sets PostCSS up, and without what no page uses of Radix Themes,
// which comes with the styles of all its components in one sheet.
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import autoprefixer from "autoprefixer";
import postcssImport from "postcss-import";

const COMPONENTS = "node_modules/@radix-ui/themes/dist/esm/components";
const IMPORT = /import \{([^}]+)\} from "@radix-ui\/themes"/g;

const read = (file) => readFileSync(file, "utf8");
const moduleOf = (name) => `${name.trim().split(" ")[0].replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()}.js`;

// The classes in the code of the components that pages import, and of what these import in turn.
const classesInUse = () => {
  const pages = globSync("{app,app_components,components,utils}/**/*.{js,jsx}").map(read).join("\n");
  const names = [...pages.matchAll(IMPORT)].flatMap(([, imported]) => imported.split(","));
  if (!names.length) throw new Error("Reflex imports Radix Themes in another way than this was written for");
  const files = new Set(names.map((name) => join(COMPONENTS, moduleOf(name))));
  const classes = new Set();
  for (const file of files) {
    for (const [name] of read(file).matchAll(/rt-[\w-]+/g)) classes.add(name);
    for (const [, path] of read(file).matchAll(/from"(\.[^"]+)"/g)) files.add(join(dirname(file), path));
  }
  return classes;
};

// Of what :where, :is, :not or :has hold, one or none has to be there.
const withoutParentheses = (selector) => {
  const shorter = selector.replace(/\([^()]*\)/g, "");
  return shorter === selector ? selector : withoutParentheses(shorter);
};

const onlyWhatIsUsed = () => {
  const classes = classesInUse();
  // The code has "rt-r-size" where the element gets "rt-r-size-2".
  const isKnown = (name) => classes.has(name) || classes.has(name.replace(/-[^-]+$/, ""));
  const isUsed = (selector) => {
    if (selector.includes("\\:rt-")) return false; // "md:rt-r-size-2": no page asks for another size by width
    return (withoutParentheses(selector).match(/(?<=\.)rt-[\w-]+/g) ?? []).every(isKnown);
  };
  return {
    postcssPlugin: "only-what-is-used",
    Rule(rule) {
      if (!rule.selector.includes("rt-")) return;
      const selectors = rule.selectors.filter(isUsed);
      if (!selectors.length) rule.remove();
      else if (selectors.length < rule.selectors.length) rule.selectors = selectors;
    },
    AtRuleExit(rule) {
      if (rule.nodes?.length === 0) rule.remove();
    },
  };
};

// KaTeX names each of its fonts three times, for browsers that are no more; all three would be in the bundle.
const onlyWoff2 = {
  postcssPlugin: "only-woff2",
  Once: (root) =>
    root.walkDecls("src", (source) => {
      const woff2 = source.value.split(",").filter((one) => one.includes('format("woff2")'));
      if (woff2.length) source.value = woff2.join();
    }),
};

// While developing pages change, and this would not know.
const pruning = process.env.NODE_ENV === "production" ? [onlyWhatIsUsed()] : [];

export default { plugins: [postcssImport(), autoprefixer(), onlyWoff2, ...pruning] };
