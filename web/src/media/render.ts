// A file as something to look at, as WebTorrent 1's `appendTo` and `renderTo`: players, pictures, PDF, text, and Markdown. What a
// stranger wrote gets no tags on this page: HTML comes as the text that it is, Markdown in a frame that can do nothing. It knows which
// element a type of file wants; how media plays, stream.ts knows.

import type { FileEntry } from '../api/file';
import { enginePart } from '../engine-part';
import { TorrentideError } from '../errors';
import type { Paged } from './contract';
import { MAX_BLOB_BYTES, stream } from './stream';

export interface RenderOptions {
  /** Of players, true by default: the page wants it to start by itself. Browsers may want it muted. */
  autoplay?: boolean;
  muted?: boolean;
  /** Of players, true by default. */
  controls?: boolean;
  /** Largest picture, PDF or text in bytes, as these are read whole; 200 MB by default. */
  maxBlobLength?: number;
}

/** Longest text that is shown; more stops a page for seconds. */
const MAX_TEXT_BYTES = 2 * 1024 * 1024;
/** Longest Markdown that is shown as such, and not as text: the worst of that length takes 0.8 s. GitHub has 512 KiB. */
const MAX_MARKDOWN_BYTES = 256 * 1024;

const IMAGE = /^image\//;
const MEDIA = /^(video|audio)\//;
const TEXT = /^text\/|[+/](json|xml|javascript|x-sh|x-subrip)$/;
const DOCUMENT = 'application/pdf';
const MARKDOWN = 'text/markdown';
const PLAYERS = ['audio', 'video'];

/** Shows the file below `root`: gives the element that it made there. Rejects with a TorrentideError, having left nothing. */
export async function appendTo(file: FileEntry, root: string | Element, options: RenderOptions): Promise<HTMLElement> {
  const parent = find(root);
  if (parent instanceof HTMLMediaElement || parent instanceof HTMLImageElement) {
    throw new TorrentideError('ERR_INVALID_ARGUMENT', 'appendTo() takes an element that has room for another one; renderTo() fills a player or picture.');
  }
  const element = document.createElement(tagFor(file));
  parent.append(element);
  try {
    await show(file, element, options);
  } catch (error) {
    element.remove();
    throw error;
  }
  return element;
}

/** Shows the file on an element that fits it, such as `<video>`. */
export async function renderTo(file: FileEntry, target: string | Element, options: RenderOptions): Promise<HTMLElement> {
  const element = find(target);
  const tag = element.localName;
  const wanted = tagFor(file);
  // A <video> plays sound as well, and Markdown is text.
  const plays = PLAYERS.includes(tag) && PLAYERS.includes(wanted);
  const reads = tag === 'pre' && file.type === MARKDOWN;
  if (tag !== wanted && !plays && !reads) {
    throw new TorrentideError('ERR_INVALID_ARGUMENT', `"${file.name}" is shown by <${wanted}>, not by <${tag}>.`);
  }
  await show(file, element, options);
  return element;
}

function find(where: string | Element): HTMLElement {
  const found = typeof where === 'string' ? document.querySelector(where) : where;
  if (found instanceof HTMLElement) return found;
  throw new TorrentideError('ERR_INVALID_ARGUMENT', `There is no element ${String(where)}.`);
}

function tagFor({ type, name, length }: FileEntry): string {
  const [media] = MEDIA.exec(type) ?? [];
  if (media) return media.slice(0, -1);
  if (IMAGE.test(type)) return 'img';
  if (type === DOCUMENT || (type === MARKDOWN && length <= MAX_MARKDOWN_BYTES)) return 'iframe';
  if (TEXT.test(type)) return 'pre';
  throw new TorrentideError('ERR_MEDIA_FORMAT', `"${name}" can't be shown: it is no video, sound, picture, PDF or text.`);
}

async function show(file: FileEntry, element: HTMLElement, options: RenderOptions): Promise<void> {
  if (element instanceof HTMLMediaElement) {
    const { autoplay = true, controls = true, muted = false } = options;
    Object.assign(element, { autoplay, controls, muted });
    if (element instanceof HTMLVideoElement) element.playsInline = true;
    return void (await stream(file, element).ready);
  }
  const limit = element.localName === 'pre' ? Math.min(MAX_TEXT_BYTES, options.maxBlobLength ?? Infinity) : (options.maxBlobLength ?? MAX_BLOB_BYTES);
  if (file.length > limit) {
    throw new TorrentideError('ERR_MEDIA_FORMAT', `"${file.name}" is too big to be shown: it has ${file.length} bytes, and the most is ${limit}.`);
  }
  const blob = await file.blob();
  element.title = file.name;
  if (element instanceof HTMLImageElement) return picture(element, blob, file);
  if (element instanceof HTMLIFrameElement) return file.type === MARKDOWN ? markdown(element, blob) : pdf(element, blob);
  element.textContent = await blob.text();
}

/** In an <img> nothing runs, not even in SVG. */
async function picture(element: HTMLImageElement, blob: Blob, { name }: FileEntry): Promise<void> {
  element.alt = name;
  element.src = URL.createObjectURL(blob);
  try {
    await element.decode();
  } catch {
    throw new TorrentideError('ERR_MEDIA_BROKEN', `"${name}" is damaged, or a picture that this browser does not know.`);
  } finally {
    URL.revokeObjectURL(element.src);
  }
}

/** The browser's reader of PDF stands apart from the page; whatever the bytes are, that type lets them be nothing else. */
async function pdf(element: HTMLIFrameElement, blob: Blob): Promise<void> {
  element.src = URL.createObjectURL(new Blob([blob], { type: DOCUMENT }));
  element.addEventListener('load', () => URL.revokeObjectURL(element.src), { once: true });
}

/** Its origin is its own, and no script runs in it: nothing that the text may be reaches this page. */
async function markdown(element: HTMLIFrameElement, blob: Blob): Promise<void> {
  const { paged } = await enginePart<{ paged: Paged }>('markdown');
  element.setAttribute('sandbox', 'allow-popups allow-popups-to-escape-sandbox');
  element.srcdoc = paged(await blob.text());
}
