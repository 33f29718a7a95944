// Where pages say their sentences (chatbot_app/components/words.py), once for all languages.
//
// A finished page stands in the browser's language from its first byte: what is prerendered keeps every sentence
// marked, and chatbot_app/languages.py makes a page for each language of it. In the browser words.js, which came
// before, knows the same sentences, so that React finds what it would draw.

const [BEGIN, NAME, VALUE, END] = "\uE000\uE001\uE002\uE003";
const SIDE = "|"; // no name of a value

const marked = (sentence, values = {}) =>
  BEGIN + sentence + Object.entries(values).map(([name, value]) => NAME + name + VALUE + value).join("") + END;

const english = (sentence, values = {}) => sentence.replace(/\{(\w+)\}/g, (gap, name) => values[name] ?? gap);

const isPrerendered = import.meta.env.SSR && import.meta.env.PROD;
const speak = isPrerendered ? marked : globalThis.say ?? english;

export const said = (sentence, values) => speak(sentence, values);

// What stands before (0) or behind (1) the place that is called so.
export const side = (sentence, name, number) =>
  isPrerendered ? marked(sentence, { [SIDE]: `${name} ${number}` }) : speak(sentence).split(`{${name}}`)[number];
