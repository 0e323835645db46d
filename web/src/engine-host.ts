// Owns the engine worker of the page: its start, its end, and the messages both ways. All clients of a page share one. It knows
// the shape of the protocol, and nothing of what the messages are for: clients and torrents register to hear theirs.

import { TorrentideError, closed, guarded } from './errors';
import type { Attempt, FromEngine, Phase, ToEngine, TorrentEvent, TorrentState } from './protocol';
import { abortable } from './api/gate';
import type { Path } from './api/wire';
import { HasherPool } from './hasher-pool';
import { Links } from './rtc/links';
import { startWorker } from './worker-start';

/** Longest silence between two phases of a start; a slow phone on a slow link loads the runtime in about half of it. */
const PHASE_LIMIT_MS = 60_000;

type Call = Extract<ToEngine, { call: number }>;
type Unnumbered<C> = C extends Call ? Omit<C, 'call'> : never;
export type Question = Exclude<Unnumbered<Call>, { type: 'cancel' }>;

export interface ClientListener {
  phase(phase: Phase): void;
  opened(peerId: string): void;
  failed(error: TorrentideError): void;
}

export type TorrentListener = (state: TorrentState, events: TorrentEvent[]) => void;

interface PendingCall {
  /** The torrent that is asked about; its end ends the wait. */
  about: number | undefined;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

let shared: Engine | null = null;
let folder: URL | null = null;

/** Where the engine's files are: beside this script, unless a page has said otherwise. */
export function engineURL(): URL {
  return (folder ??= new URL('engine/', __SCRIPT_URL__));
}

/** Sets the folder of the engine's files, which the next start takes. */
export function setEngineURL(url: string | URL): void {
  folder = new URL(String(url).replace(/\/?$/, '/'), location.href);
}

/** The page's engine: started by the first call, kept for the life of the page, started anew after a failure. */
export function sharedEngine(): Engine {
  shared ??= new Engine(new URL('worker.mjs', engineURL()), () => (shared = null));
  return shared;
}

export class Engine {
  readonly #clients = new Map<number, ClientListener>();
  readonly #torrents = new Map<number, TorrentListener>();
  readonly #calls = new Map<number, PendingCall>();
  readonly #links = new Links((message, transfer) => this.post(message, transfer));
  readonly #hashers = new HasherPool();
  readonly #life = new AbortController();
  readonly #url: URL;
  readonly #onFailure: () => void;
  #worker: Worker | null = null;
  #lastNumber = 0;
  #phase: Phase | null = null;
  /** What was posted before the worker listened; null once it does. */
  #queue: ToEngine[] | null = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: URL, onFailure: () => void) {
    this.#url = url;
    this.#onFailure = onFailure;
    const { signal } = this.#life;
    try {
      this.#worker = this.#start(url);
    } catch (error) {
      queueMicrotask(() => this.#fail(loadError(url, String(error))));
    }
    this.#watch();
    addEventListener('pagehide', () => this.#links.closeAll('the page was left'), { signal });
    addEventListener('online', () => this.post({ type: 'online' }), { signal });
  }

  /** A new number for a client or torrent. */
  number(): number {
    return ++this.#lastNumber;
  }

  /** Registers a client. It hears the phase that the start is in at once, if it has begun. */
  addClient(client: number, listener: ClientListener): void {
    this.#clients.set(client, listener);
    const phase = this.#phase;
    if (phase) queueMicrotask(() => guarded(() => this.#clients.get(client)?.phase(phase)));
  }

  removeClient(client: number): void {
    this.#clients.delete(client);
  }

  addTorrent(torrent: number, listener: TorrentListener): void {
    this.#torrents.set(torrent, listener);
  }

  /** Forgets a torrent; what is still asked about it is rejected. */
  removeTorrent(torrent: number): void {
    this.#torrents.delete(torrent);
    for (const [call, pending] of this.#calls) {
      if (pending.about !== torrent) continue;
      this.#calls.delete(call);
      pending.reject(closed('torrent'));
    }
  }

  /** Posts a message; one that is posted too early waits until the worker listens. */
  post(message: ToEngine, transfer: Transferable[] = []): void {
    if (this.#queue) this.#queue.push(message);
    else this.#worker?.postMessage(message, transfer);
  }

  /**
   * Asks a question. Rejects with the engine's error, when the engine or the torrent is gone, or with the reason of `signal`:
   * the engine then does nothing more for it.
   */
  call(question: Question, signal?: AbortSignal): Promise<unknown> {
    if (this.#life.signal.aborted) return Promise.reject(closed('engine'));
    const call = this.number();
    return abortable((resolve, reject) => {
      const about = 'torrent' in question && question.type !== 'remove' ? question.torrent : undefined;
      this.#calls.set(call, { about, resolve, reject });
      this.post({ ...question, call } as Call);
      return () => {
        if (this.#calls.delete(call)) this.post({ type: 'cancel', call });
      };
    }, signal);
  }

  /** How a peer was reached; undefined where the browser does not tell. */
  path(link: number): Promise<Path | undefined> {
    return this.#links.path(link);
  }

  /** What became of the last attempts to connect. */
  get attempts(): readonly Attempt[] {
    return this.#links.attempts;
  }

  /** How far the start is; null before it began. */
  get phase(): Phase | null {
    return this.#phase;
  }

  #start(url: URL): Worker {
    const worker = startWorker(url);
    worker.onmessage = ({ data }: MessageEvent<FromEngine>) => this.#receive(data);
    worker.onerror = (event) => {
      // A started engine reports its own end; the browser has already reported this one.
      if (this.#phase !== 'ready') this.#fail(loadError(url, event.message));
    };
    return worker;
  }

  #receive(message: FromEngine): void {
    switch (message.type) {
      case 'phase':
        return this.#enter(message.phase);
      case 'fatal':
        return this.#fail(TorrentideError.from(message));
      case 'client':
        return guarded(() => this.#clients.get(message.client)?.opened(message.peerId));
      case 'torrent':
        return guarded(() => this.#torrents.get(message.torrent)?.(message.state, message.events));
      case 'reply':
        return this.#reply(message);
      case 'hasher':
        return this.#hashers.start(new URL('hasher.mjs', this.#url), message.port);
      case 'hashers-end':
        return this.#hashers.end();
      default:
        return this.#links.handle(message);
    }
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#watch();
    for (const client of [...this.#clients.values()]) guarded(() => client.phase(phase));
    const queue = this.#queue ?? [];
    this.#queue = null;
    for (const message of queue) this.post(message);
  }

  #reply({ call, value, error }: Extract<FromEngine, { type: 'reply' }>): void {
    const pending = this.#calls.get(call);
    this.#calls.delete(call);
    if (error) pending?.reject(TorrentideError.from(error));
    else pending?.resolve(value);
  }

  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#phase === 'ready') return;
    this.#timer = setTimeout(() => this.#fail(timeoutError(this.#phase)), PHASE_LIMIT_MS);
  }

  #fail(error: TorrentideError): void {
    if (this.#life.signal.aborted) return;
    this.#life.abort();
    clearTimeout(this.#timer);
    this.#queue = null;
    this.#onFailure();
    this.#links.closeAll('the engine ended');
    this.#hashers.end();
    this.#worker?.terminate();
    this.#worker = null;
    for (const pending of this.#calls.values()) pending.reject(error);
    this.#calls.clear();
    for (const client of [...this.#clients.values()]) guarded(() => client.failed(error));
    this.#clients.clear();
    this.#torrents.clear();
  }
}

function loadError(url: URL, detail: string | undefined): TorrentideError {
  const message =
    `The engine worker did not load from ${url.href}${detail ? ` (${detail})` : ''}. Check that the file is there, that it is ` +
    "served as JavaScript, and that the page's Content-Security-Policy allows worker-src 'self' and script-src 'wasm-unsafe-eval'.";
  return new TorrentideError('ERR_ENGINE_LOAD', message);
}

function timeoutError(phase: Phase | null): TorrentideError {
  const where = phase ? `stopped after its phase "${phase}"` : 'never began';
  const message =
    `The start of the engine ${where}: nothing happened for ${PHASE_LIMIT_MS / 1000} seconds. Check the network, and that the ` +
    "page's Content-Security-Policy has 'wasm-unsafe-eval' in script-src: without it WebAssembly does not start.";
  return new TorrentideError('ERR_ENGINE_TIMEOUT', message);
}
