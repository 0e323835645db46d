// Bytes of a file in order, as they come: as a stream or by iteration. A reader asks for more only when what it gave has been
// taken. It knows nothing of where the bytes come from.

type Bytes = Uint8Array<ArrayBuffer>;

/** Where the bytes come from. */
export interface ByteSource {
  /** Some bytes from `at` on, as soon as there are some; null at the end. */
  pull(at: number, signal: AbortSignal | undefined): Promise<Bytes | null>;
  /** No more will be asked for. */
  close(): void;
}

/** Reads bytes `start` to `end` (exclusive), one call after the other. */
export class ByteReader {
  readonly #end: number;
  readonly #source: ByteSource;
  readonly #life = new AbortController();
  #at: number;

  constructor(start: number, end: number, source: ByteSource) {
    this.#at = start;
    this.#end = end;
    this.#source = source;
  }

  /** The next bytes; null at the end. A failure is the end, too. */
  async next(): Promise<Bytes | null> {
    try {
      this.#life.signal.throwIfAborted();
      const chunk = this.#at < this.#end ? await this.#source.pull(this.#at, this.#life.signal) : null;
      if (!chunk) this.close();
      this.#at += chunk?.length ?? 0;
      return chunk;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Ends the reading: a call that waits is rejected with `reason`. Nothing happens the second time. */
  close(reason?: unknown): void {
    if (this.#life.signal.aborted) return;
    this.#life.abort(reason);
    this.#source.close();
  }
}

/** Errors with the reason of `signal`; whatever ends the stream ends the reading. */
export function streamOf(reader: ByteReader, signal?: AbortSignal): ReadableStream<Uint8Array> {
  let abort: () => void;
  const settle = (): void => signal?.removeEventListener('abort', abort);
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      abort = () => {
        reader.close(signal?.reason);
        controller.error(signal?.reason);
      };
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort, { once: true });
    },
    pull: async (controller) => {
      const chunk = await reader.next();
      if (chunk) return controller.enqueue(chunk);
      settle();
      controller.close();
    },
    cancel: (reason) => {
      settle();
      reader.close(reason);
    },
  });
}

/** Throws the reason of `signal`; leaving the loop ends the reading. */
export async function* chunksOf(reader: ByteReader, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  const abort = (): void => reader.close(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    for (let chunk = await reader.next(); chunk; chunk = await reader.next()) yield chunk;
  } finally {
    signal?.removeEventListener('abort', abort);
    reader.close();
  }
}
