// Constants that the bundler puts in place of these names.

/** The absolute URL of torrentide.js or torrentide.mjs, wherever the page loaded it from. */
declare const __SCRIPT_URL__: string;
declare const __VERSION__: string;
