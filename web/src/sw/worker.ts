// The service worker: passes requests for files of torrents to the tab that has the torrent, and gives its answer to the browser. It
// keeps nothing between two requests, so that it may be stopped at any time. It knows no torrents; what to answer, pages decide.

import { type Answer, FOLDER, type Failure, type FetchRequest, KEEP_ALIVE } from './contract';

declare const self: ServiceWorkerGlobalScope;

/** How long a tab may be silent; one that is frozen, or has no torrents, always is. */
const SILENCE_MS = 5_000;
/** How often a tab that owes a chunk is looked for; one that was closed does not say so. */
const LOOK_MS = 2_000;

interface Reply {
  answer: Answer;
  port: MessagePort;
  client: Client;
}

const folder = new URL(FOLDER, self.registration.scope).href;

self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const { url } = event.request;
  if (!url.startsWith(folder)) return;
  event.respondWith(url.startsWith(folder + KEEP_ALIVE) ? new Response() : respond(event));
});

async function respond({ request, clientId }: FetchEvent): Promise<Response> {
  const reply = await findReply(request, clientId);
  if (!reply) return new Response('No open tab of this site has that file.', { status: 404, headers: { 'Content-Type': 'text/plain' } });
  const { answer, port, client } = reply;
  if (answer.body !== 'STREAM') {
    port.close();
    return new Response(answer.body, answer);
  }
  return new Response(bodyOf(port, client), answer);
}

/** The tab that asks is asked first: it usually has the torrent. Then all others at once. */
async function findReply(request: Request, clientId: string): Promise<Reply | null> {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const asking = windows.find(({ id }) => id === clientId);
  const own = asking && (await ask(asking, request));
  if (own) return own;
  const others = windows.filter((client) => client !== asking).map((client) => ask(client, request));
  return firstOf(others);
}

/** The tab's answer, or null if it does not have the file or is silent for too long. */
function ask(client: Client, { url, method, headers, destination }: Request): Promise<Reply | null> {
  const { port1: port, port2 } = new MessageChannel();
  const message: FetchRequest = {
    type: 'webtorrent',
    url,
    method,
    headers: Object.fromEntries(headers),
    scope: self.registration.scope,
    destination,
    waits: true,
  };
  return new Promise((resolve) => {
    const none = (): void => {
      unwatch();
      clearTimeout(timer);
      port.postMessage(false);
      port.close();
      resolve(null);
    };
    const unwatch = watch(client, none);
    const timer = setTimeout(none, SILENCE_MS);
    port.onmessage = ({ data }: MessageEvent<Answer | true>) => {
      clearTimeout(timer);
      // It may wait for a torrent's metadata, as long as that takes.
      if (data === true) return;
      if (data.status === 404) return none();
      unwatch();
      resolve({ answer: data, port, client });
    };
    client.postMessage(message, [port2]);
  });
}

/** Calls `gone` when the tab was closed, until it is told not to. */
function watch({ id }: Client, gone: () => void): () => void {
  const timer = setInterval(async () => {
    if (await self.clients.get(id)) return;
    clearInterval(timer);
    gone();
  }, LOOK_MS);
  return () => clearInterval(timer);
}

/** The first reply; what else comes is told that nobody wants it. */
function firstOf(asked: Promise<Reply | null>[]): Promise<Reply | null> {
  return new Promise((resolve) => {
    let found = false;
    const all = asked.map(async (each) => {
      const reply = await each;
      if (!reply) return;
      if (found) {
        reply.port.postMessage(false);
        reply.port.close();
      }
      found = true;
      resolve(reply);
    });
    void Promise.all(all).then(() => resolve(null));
  });
}

/** One chunk is asked for at a time, when the browser has room for it. */
function bodyOf(port: MessagePort, client: Client): ReadableStream<Uint8Array> {
  let unwatch = (): void => {};
  const end = (): void => {
    unwatch();
    port.close();
  };
  const body: UnderlyingDefaultSource<Uint8Array> = {
    pull: (controller) =>
      new Promise<void>((resolve) => {
        port.onmessage = ({ data }: MessageEvent<Uint8Array | Failure | null | false>) => {
          unwatch();
          if (data instanceof Uint8Array) controller.enqueue(data);
          else {
            end();
            if (data) controller.error(new TypeError(data.error));
            else controller.close();
          }
          resolve();
        };
        unwatch = watch(client, () => {
          end();
          controller.error(new TypeError('The tab that has the torrent was closed.'));
          resolve();
        });
        port.postMessage(true);
      }),
    cancel: () => {
      port.postMessage(false);
      end();
    },
  };
  return new ReadableStream(body, { highWaterMark: 0 });
}
