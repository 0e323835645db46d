// Which pieces are wanted, and how much: the rules of `select` and `deselect`. It knows piece numbers alone.

import { TorrentideError } from '../errors';

/** As the engine's: 0 is not wanted, 4 is usual, 7 comes first. */
const USUAL = 4;
const HIGHEST = 7;

export class Selections {
  /** The engine's priority of each piece. */
  readonly priorities: Uint8Array;
  /** Pieces that hold something up. */
  readonly critical = new Set<number>();

  constructor(count: number, selected: boolean) {
    this.priorities = new Uint8Array(count).fill(selected ? USUAL : 0);
  }

  /** Wants pieces `from` to `to` (inclusive). Of two selections of a piece the higher priority counts. Throws ERR_INVALID_ARGUMENT. */
  select(from = 0, to = this.priorities.length - 1, priority: unknown = 0): void {
    this.#check(from, to);
    const wanted = Math.min(HIGHEST, Math.max(1, USUAL + Math.round(Number(priority) || 0)));
    for (let index = from; index <= to; index++) {
      this.priorities[index] = Math.max(this.priorities[index] ?? 0, wanted);
    }
  }

  /** Wants none of them. What of the range does not exist is no error. */
  deselect(from = 0, to = this.priorities.length - 1): void {
    this.priorities.fill(0, Math.max(0, from), Math.max(0, to + 1));
  }

  /** Throws ERR_INVALID_ARGUMENT. */
  setCritical(from: number, to: number): void {
    this.#check(from, to);
    for (let index = from; index <= to; index++) this.critical.add(index);
  }

  #check(from: number, to: number): void {
    const whole = Number.isInteger(from) && Number.isInteger(to);
    if (whole && from >= 0 && to >= from && to < this.priorities.length) return;
    throw new TorrentideError('ERR_INVALID_ARGUMENT', `invalid selection ${from} : ${to} (there are ${this.priorities.length} pieces)`);
  }
}
