// A torrent's line to the engine: its number, what is said on it, and in which order. What is said before the engine knows of the
// torrent waits here. It knows nothing of what the messages are for.

import type { Engine, Question } from '../engine-host';
import type { ToEngine, TorrentEvent, TorrentState } from '../protocol';
import { closed } from '../errors';
import type { Path } from './wire';

/** A message about this torrent, as it is posted. */
type Message = Extract<ToEngine, { torrent: number }>;
export type Told<M = Message> = M extends Message ? Omit<M, 'torrent'> : never;
type About<Q = Question> = Q extends { torrent: number } ? Omit<Q, 'torrent'> : never;

export class Line {
  readonly number: number;
  readonly #engine: Engine;
  #early: ToEngine[] | null = [];
  #over = false;

  constructor(engine: Engine, hear: (state: TorrentState, events: TorrentEvent[]) => void) {
    this.#engine = engine;
    this.number = engine.number();
    engine.addTorrent(this.number, hear);
  }

  /** Whether the engine knows of the torrent. */
  get open(): boolean {
    return this.#early === null;
  }

  /** Posts the message that makes the torrent, then all that waited for it. */
  begin(first: ToEngine): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const each of [first, ...early]) this.#engine.post(each);
  }

  /** Tells the engine; nothing happens once the torrent is over. */
  tell(about: Told): void {
    if (this.#over) return;
    const message = { ...about, torrent: this.number } as ToEngine;
    if (this.#early) this.#early.push(message);
    else this.#engine.post(message);
  }

  /** Hands something over to the engine at once: not before its infoHash event. */
  give(about: Told, transfer: Transferable[]): void {
    this.#engine.post({ ...about, torrent: this.number } as ToEngine, transfer);
  }

  /** Rejects with the engine's error, ERR_CLOSED, or the reason of `signal`. */
  async ask(about: About, signal?: AbortSignal): Promise<unknown> {
    if (this.#over) throw closed('torrent');
    return this.#engine.call({ ...about, torrent: this.number } as Question, signal);
  }

  /** A number for something of this torrent, unique for the life of the engine. */
  newNumber(): number {
    return this.#engine.number();
  }

  /** How a peer was reached; undefined where the browser does not tell. */
  path(link: number): Promise<Path | undefined> {
    return this.#engine.path(link);
  }

  /** Says and hears no more; what is still asked is rejected. */
  end(): void {
    this.#over = true;
    this.#engine.removeTorrent(this.number);
  }
}
