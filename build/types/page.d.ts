// The constants that build/web.mjs gives to code of the page.

/** The version in pyproject.toml. */
declare const __VERSION__: string;

/** The absolute URL of torrentide.mjs or torrentide.js; '' where a classic script has none (it was put in line). */
declare const __SCRIPT_URL__: string;
