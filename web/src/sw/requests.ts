// The page's end of the talk with the service worker (contract.ts): has whoever can answer a request do so, and sends the bytes chunk
// by chunk as the browser takes them. What there is to be answered, answerers know.

import { refusal } from './answer';
import type { Answer, Failure, FetchRequest } from './contract';

/** Browsers stop a worker after 30 s without an event, also amid a stream. */
const AWAKE_MS = 10_000;

export interface Reply {
  answer: Answer;
  /** The bytes, where the answer's body is 'STREAM'. */
  body?: ReadableStream<Uint8Array> | undefined;
}

/** Null for a request that is not its own. `signal`: the browser wants nothing more. */
export type Answerer = (request: FetchRequest, signal: AbortSignal) => Promise<Reply | null>;

/** All behind one listener: only together can they say that nobody here has a file. */
const answerers = new Set<Answerer>();

/** Has it asked, until the function that is returned is called. */
export function listen(answerer: Answerer): () => void {
  if (answerers.size === 0) navigator.serviceWorker.addEventListener('message', receive);
  navigator.serviceWorker.startMessages();
  answerers.add(answerer);
  return () => {
    answerers.delete(answerer);
    if (answerers.size === 0) navigator.serviceWorker.removeEventListener('message', receive);
  };
}

function receive({ data, ports: [port] }: MessageEvent<FetchRequest>): void {
  if (data?.type !== 'webtorrent' || !port) return;
  if (data.waits) port.postMessage(true);
  const stop = new AbortController();
  // The browser may want nothing more before the answer is there.
  port.onmessage = ({ data }) => data === false && stop.abort();
  void respond(data, port, stop).catch((error: Error) => port.postMessage(refusal(500, error.message)));
}

async function respond(request: FetchRequest, port: MessagePort, stop: AbortController): Promise<void> {
  for (const answerer of [...answerers]) {
    const reply = await answerer(request, stop.signal);
    if (!reply) continue;
    if (reply.body) void pump(reply.body, request.scope, port, stop);
    return port.postMessage(reply.answer satisfies Answer);
  }
  port.postMessage(refusal(404, 'This tab does not have that file.'));
}

/** Sends a chunk for each true; false, or the end of the worker, ends it. */
function pump(body: ReadableStream<Uint8Array>, scope: string, port: MessagePort, stop: AbortController): void {
  const reader = body.getReader();
  const awake = new Awake(scope);
  const end = (): void => {
    awake.end();
    stop.abort();
    port.close();
    // Nothing where it came to its end.
    void reader.cancel(new DOMException('The browser wants no more of it.', 'AbortError')).catch(() => {});
  };
  if (stop.signal.aborted) return end();
  port.addEventListener('close', end);
  port.onmessage = async ({ data }) => {
    if (data === false) return end();
    awake.keep();
    try {
      const { value, done } = await reader.read();
      if (!stop.signal.aborted) port.postMessage(value ?? null, owned(value));
      if (done) end();
    } catch (error) {
      if (!stop.signal.aborted) port.postMessage({ error: String(error) } satisfies Failure);
      end();
    }
  };
}

/** Keeps the worker of a scope from being stopped. A message does so for every page, a request for those alone that it controls. */
class Awake {
  readonly #worker: Promise<ServiceWorker | null>;
  // A timer for the waits between chunks; browsers slow it down in a page that is in the background.
  readonly #timer = setInterval(() => this.keep(), AWAKE_MS);
  #last = performance.now();

  constructor(scope: string) {
    this.#worker = navigator.serviceWorker.getRegistration(scope).then((registration) => registration?.active ?? null);
  }

  keep(): void {
    if (performance.now() < this.#last + AWAKE_MS / 2) return;
    this.#last = performance.now();
    void this.#worker.then((worker) => worker?.postMessage({ type: 'torrentide-awake' }));
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

/** The buffer of a chunk that is alone in it: it need not be copied. */
function owned(chunk: Uint8Array | undefined): ArrayBuffer[] {
  return chunk && chunk.byteLength === chunk.buffer.byteLength ? [chunk.buffer as ArrayBuffer] : [];
}
