// What a torrent wants of itself: its selections, told to the engine, and whether it wants anything at all. Rules of selections are
// in selections.ts; it knows nothing of peers.

import type { Bitfield } from './bitfield';
import type { FileEntry } from './file';
import type { Told } from './line';
import { Selections } from './selections';

/** What is known when the metadata comes. */
interface Around {
  pieceCount: number;
  files: readonly FileEntry[];
  /** Numbers of the files that a magnet link selects. */
  so: readonly number[] | undefined;
  /** What was selected when it was stored. */
  restored: Uint8Array | undefined;
}

export class Wanted {
  /** Whether nothing is wanted at first. */
  readonly none: boolean;
  readonly #tell: (message: Told) => void;
  readonly #here: () => Bitfield | undefined;
  #selections: Selections | undefined;
  #telling = false;
  #interested = false;

  constructor(none: boolean, tell: (message: Told) => void, here: () => Bitfield | undefined) {
    this.none = none;
    this.#tell = tell;
    this.#here = here;
  }

  /** Undefined until the metadata is there. */
  get selections(): Selections | undefined {
    return this.#selections;
  }

  begin({ pieceCount, files, so, restored }: Around): void {
    this.#selections = new Selections(pieceCount, !this.none && !so);
    if (restored) this.#selections.priorities.set(restored);
    else if (!this.none) for (const index of so ?? []) files[index]?.selectIn(this.#selections);
  }

  /** Throws ERR_INVALID_ARGUMENT, as `critical`. */
  select(start?: number, end?: number, priority?: number | boolean): void {
    this.#known().select(start, end, priority);
    this.#changed();
  }

  deselect(start?: number, end?: number): void {
    this.#selections?.deselect(start, end);
    this.#changed();
  }

  critical(start: number, end: number): void {
    this.#known().setCritical(start, end);
    this.#changed();
  }

  /** Whether everything that is wanted is here. */
  get idle(): boolean {
    return this.#selections?.priorities.every((priority, index) => priority === 0 || this.#here()?.get(index)) ?? false;
  }

  /** Whether `interested` is news. */
  turns(interested: boolean): boolean {
    const news = interested !== this.#interested;
    this.#interested = interested;
    return news;
  }

  #known(): Selections {
    return this.#selections ?? new Selections(0, false);
  }

  /** Many calls in a row are one message. */
  #changed(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      if (!this.#selections) return;
      const { priorities, critical } = this.#selections;
      const lacking = [...critical].filter((index) => !this.#here()?.get(index)).sort((a, b) => a - b);
      this.#tell({ type: 'select', priorities, critical: lacking });
    });
  }
}
