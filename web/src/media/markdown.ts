// Markdown as the source of a page of its own. markdown-it makes it: on hostile text it is many times faster than micromark and
// commonmark.js. It is loaded when it is first needed, and knows no files.

import MarkdownIt from 'markdown-it';
import type { Paged } from './contract';

/** Nothing is loaded for it and nothing runs in it; links open in tabs of their own, which learn nothing of this one. */
const HEAD = `<!doctype html><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer"><base target="_blank">
<style>body { font: 1em/1.5 system-ui, sans-serif; overflow-wrap: break-word } pre { overflow: auto }</style>
`;

// Of HTML in the text it makes text. A picture would tell a stranger's server who reads: it becomes a link.
const markdown = new MarkdownIt().disable('image');
// A path would lead to the site that shows this.
markdown.validateLink = (url) => /^(https?|mailto):/i.test(url);

export const paged: Paged = (text) => HEAD + markdown.render(text);
