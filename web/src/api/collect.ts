// Reads a stream to its end into a Blob. It knows nothing of torrents.

import { TorrentideError } from '../errors';

/** Bytes that are gathered here before the browser takes them over: it may keep a Blob on disk. */
const PART_BYTES = 8 * 1024 * 1024;

/** How long chunks that are all there already may hold up the page: a fraction of what a person notices (50 ms). */
const SLICE_MS = 15;

type Source = ReadableStream | AsyncIterable<unknown>;

/** Rejects with ERR_STORAGE where the stream breaks, ERR_INVALID_TORRENT where it holds no bytes, and when `signal` ends it. */
export async function collect(source: Source, signal: AbortSignal): Promise<Blob> {
  const parts = new Parts();
  let until = performance.now() + SLICE_MS;
  try {
    for await (const chunk of source instanceof ReadableStream ? readAll(source, signal) : source) {
      signal.throwIfAborted();
      parts.add(chunk);
      if (performance.now() < until) continue;
      await nextTask();
      until = performance.now() + SLICE_MS;
    }
    signal.throwIfAborted();
  } catch (error) {
    throw TorrentideError.wrap(error, 'ERR_STORAGE', 'A stream could not be read to its end');
  }
  return parts.join();
}

/** By a reader: it alone can be stopped while it waits, and not every browser iterates over streams. */
async function* readAll(stream: ReadableStream, signal: AbortSignal): AsyncGenerator<unknown> {
  const reader = stream.getReader();
  const stop = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', stop);
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** By a message: timers wait a second in a page that is in the background. */
function nextTask(): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => resolve(port1.close());
    port2.postMessage(null);
  });
}

/** Bytes and Blobs, gathered for one Blob. */
export class Parts {
  readonly #parts: Blob[] = [];
  readonly #room = new Uint8Array(PART_BYTES);
  #used = 0;

  add(chunk: unknown): void {
    if (chunk instanceof Blob) {
      this.#flush();
      this.#parts.push(chunk);
      return;
    }
    const bytes = asBytes(chunk);
    for (let at = 0; at < bytes.length; ) {
      const taken = bytes.subarray(at, at + PART_BYTES - this.#used);
      this.#room.set(taken, this.#used);
      this.#used += taken.length;
      at += taken.length;
      if (this.#used === PART_BYTES) this.#flush();
    }
  }

  join(type = ''): Blob {
    this.#flush();
    return new Blob(this.#parts, { type });
  }

  #flush(): void {
    this.#parts.push(new Blob([this.#room.subarray(0, this.#used)]));
    this.#used = 0;
  }
}

function asBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const what = typeof chunk === 'string' ? 'a string' : Object.prototype.toString.call(chunk);
  throw new TorrentideError('ERR_INVALID_TORRENT', `A stream to be seeded must give bytes or Blobs; it gave ${what}.`);
}
