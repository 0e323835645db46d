// A chunk store that a page brings (abstract-chunk-store): its making, its calls, its end. What is a wrong answer the engine decides;
// this never knows what the bytes are for.

import type { StoreAnswer, StoreRequest } from '../protocol';
import { guarded } from '../errors';

type Done = (error?: Error | null, data?: Uint8Array | null) => void;

/** abstract-chunk-store, as far as it is called. */
export interface ChunkStore {
  put(index: number, data: Uint8Array, callback: (error?: Error | null) => void): void;
  get(index: number, options: { offset: number; length: number }, callback: Done): void;
  close?(callback: (error?: Error | null) => void): void;
  destroy?(callback: (error?: Error | null) => void): void;
}

export type ChunkStoreConstructor = new (chunkLength: number, options: Record<string, unknown>) => ChunkStore;

export interface StoreOptions {
  /** Makes the store when the metadata is there. */
  store?: ChunkStoreConstructor;
  /** A store that is there already, in place of `store`. */
  preloadedStore?: ChunkStore;
  /** Further options for the constructor. */
  storeOpts?: Record<string, unknown>;
  /** Believe that the page's store has every piece. */
  skipVerify?: boolean;
  /**
   * The pieces that it has, as `torrent.bitfield.buffer` was: all others are taken to be missing. Of each file one piece is compared
   * with its hash, and all where that one is bad. What is not as long as the torrent needs it is ignored.
   */
  bitfield?: Uint8Array | ArrayLike<number>;
  /** Whole pieces that are kept in memory when they are read, 20 by default, 64 MiB in all; 0: none. */
  storeCacheSlots?: number;
}

export class PageStore {
  #store: ChunkStore | null;
  readonly #options: StoreOptions;
  readonly #around: () => Record<string, unknown>;

  /** `around`: what the constructor is told besides. */
  constructor(options: StoreOptions, around: () => Record<string, unknown>) {
    this.#options = options;
    this.#around = around;
    this.#store = options.preloadedStore ?? null;
  }

  /** Null until it is made. */
  get store(): ChunkStore | null {
    return this.#store;
  }

  /** Does what the engine asks for. Every call back is told, one too many as well. */
  handle(request: StoreRequest, answer: (answer: StoreAnswer) => void): void {
    const { job } = request;
    const done: Done = (error, data) => {
      if (error) answer({ job, error: String(error.message ?? error) });
      else answer(data instanceof Uint8Array ? { job, data } : { job });
    };
    try {
      if (request.act === 'open') this.#open(request, done);
      else if (request.act === 'put') this.#store?.put(request.index, request.data, (error) => done(error));
      else this.#store?.get(request.index, { offset: request.offset, length: request.length }, done);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The torrent is over; resolves when the store has let go, whatever it says. */
  end(remove: boolean): Promise<void> {
    const store = this.#store;
    this.#store = null;
    return new Promise((resolve) => {
      if (remove && store?.destroy) guarded(() => store.destroy?.(() => resolve()));
      else if (store?.close) guarded(() => store.close?.(() => resolve()));
      else resolve();
    });
  }

  #open({ pieceLength, name, length, files }: Extract<StoreRequest, { act: 'open' }>, done: Done): void {
    const { store: Store, storeOpts } = this.#options;
    if (!this.#store && Store) this.#store = new Store(pieceLength, { ...storeOpts, ...this.#around(), name, length, files });
    done(null);
  }
}
