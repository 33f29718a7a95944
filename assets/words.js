// Text for people, in their language, for the scripts of the page: `say` marks each sentence.
"use strict";

// `{name}` in a sentence stands for a value.
window.say = (sentence, values = {}) => sentence.replace(/\{(\w+)\}/g, (gap, name) => values[name] ?? gap);
