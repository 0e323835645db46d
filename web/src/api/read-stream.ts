// Bytes of a file as a readable stream of Node's kind, which WebTorrent's `createReadStream` gives: events, `pipe`, iteration. It has
// what readers of files use; a library of Node's streams would weigh a third of this one. It knows nothing of where bytes come from.

import { guarded } from '../errors';
import { EventEmitter } from './events';
import type { ByteReader } from './reading';

export interface ReadStreamEvents {
  data: [Uint8Array<ArrayBuffer>];
  end: [];
  error: [Error];
  /** Behind `end` and `error`, and where it was destroyed. */
  close: [];
}

/** What `pipe` asks of a writable stream of Node's kind. */
export interface PipeTarget {
  /** False where it wants no more before its `drain`. */
  write(chunk: Uint8Array<ArrayBuffer>): unknown;
  end(): unknown;
  once(event: 'drain' | 'close', listener: () => void): unknown;
}

export class ReadStream extends EventEmitter<ReadStreamEvents> {
  readonly #reader: ByteReader;
  #paused: boolean | null = null;
  #flowing = false;
  #coming: Promise<Uint8Array<ArrayBuffer> | null> | null = null;
  #destroyed = false;

  /** @internal */
  constructor(reader: ByteReader) {
    super();
    this.#reader = reader;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** As in Node, whoever listens to `data` has it flow, unless it was paused. */
  override on<K extends keyof ReadStreamEvents>(event: K, listener: (...args: ReadStreamEvents[K]) => unknown): this {
    super.on(event, listener);
    if (event === 'data' && this.#paused === null) this.resume();
    return this;
  }

  override once<K extends keyof ReadStreamEvents>(event: K, listener: (...args: ReadStreamEvents[K]) => unknown): this {
    super.once(event, listener);
    if (event === 'data' && this.#paused === null) this.resume();
    return this;
  }

  isPaused(): boolean {
    return this.#paused === true;
  }

  pause(): this {
    this.#paused = true;
    return this;
  }

  resume(): this {
    this.#paused = false;
    if (!this.#flowing) void this.#flow();
    return this;
  }

  /** Reads no more. `error` follows where there is one, then `close`. */
  destroy(error?: Error): this {
    if (this.#destroyed) return this;
    this.#destroyed = true;
    this.#reader.close(error);
    queueMicrotask(() => {
      if (error) guarded(() => this.emit('error', error));
      guarded(() => this.emit('close'));
    });
    return this;
  }

  pipe<T extends PipeTarget>(target: T): T {
    this.on('data', (chunk) => {
      if (target.write(chunk) !== false) return;
      this.pause();
      target.once('drain', () => this.resume());
    });
    this.on('end', () => target.end());
    target.once('close', () => this.destroy());
    return target;
  }

  /** Leaving the loop destroys the stream. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    this.#paused = true;
    try {
      for (let chunk = await this.#reader.next(); chunk; chunk = await this.#reader.next()) yield chunk;
    } finally {
      this.destroy();
    }
  }

  async #flow(): Promise<void> {
    this.#flowing = true;
    // Listeners of this task hear of the first bytes, too.
    await null;
    try {
      while (!this.#paused && !this.#destroyed) {
        this.#coming ??= this.#reader.next();
        const chunk = await this.#coming;
        // It waits for `resume`.
        if (this.#paused || this.#destroyed) break;
        this.#coming = null;
        if (chunk) guarded(() => this.emit('data', chunk));
        else return this.#end();
      }
    } catch (error) {
      this.destroy(error as Error);
    } finally {
      this.#flowing = false;
    }
  }

  #end(): void {
    guarded(() => this.emit('end'));
    this.destroy();
  }
}
