// Hands a stream to the browser's downloads, through the service worker: an address that is good once answers with it, as an
// attachment. It knows no torrents, and gathers nothing.

import { attachment } from './answer';
import { FOLDER, SAVED } from './contract';
import { listen } from './requests';
import { givenWorkers } from './server';

const SCRIPT = /\/torrentide-sw\.js$/;
/** How long the request may take to come: the worker may have to be started. */
const ASKED_MS = 10_000;
/** The browser has taken over from the frame by then. */
const FRAME_MS = 60_000;

/**
 * A sink whose bytes, `length` of them, the browser saves as they come. It takes no more than the browser does, and errors with an
 * AbortError when the person cancels the download. Null where no service worker of ours is there, or nothing reaches it.
 */
export async function streamedDownload(name: string, length: number | bigint): Promise<WritableStream<Uint8Array> | null> {
  const registration = await ourWorker();
  if (!registration) return null;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const { href } = new URL(`${FOLDER}${SAVED}${crypto.randomUUID()}/${encodeURIComponent(name)}`, registration.scope);
  return new Promise((resolve) => {
    const settle = (sink: typeof writable | null): void => {
      unlisten();
      clearTimeout(timer);
      resolve(sink);
    };
    const unlisten = listen(async ({ url }) => {
      if (url !== href) return null;
      settle(writable);
      return { answer: attachment(name, length), body: readable };
    });
    const timer = setTimeout(settle, ASKED_MS, null);
    // A frame that shows something has not made a download.
    open(href, () => settle(null));
  });
}

/** One that the page named, else one that is known by its script's name. */
async function ourWorker(): Promise<ServiceWorkerRegistration | null> {
  const given = givenWorkers().at(-1);
  if (given?.active) return given;
  // Not there, or refused, where the page may have no workers.
  const all = (await navigator.serviceWorker?.getRegistrations().catch(() => [])) ?? [];
  return all.find(({ active }) => active && SCRIPT.test(new URL(active.scriptURL).pathname)) ?? null;
}

/** In a frame: a link with a `download` attribute goes past service workers, and a window may be blocked. */
function open(url: string, shown: () => void): void {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.src = url;
  frame.addEventListener('load', shown);
  document.body.append(frame);
  setTimeout(() => frame.remove(), FRAME_MS);
}
