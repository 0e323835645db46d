// A speed limit: checked, remembered, and told to whoever enforces it. It never sees a byte.

import { TorrentideError } from '../errors';

/** Bytes per second; -1 is no limit, 0 lets nothing through. */
export class Throttle {
  #limit: number;
  #rate: number;
  readonly #changed: () => void;

  /** Throws ERR_INVALID_ARGUMENT. @internal */
  constructor(limit: number, changed: () => void) {
    this.#limit = this.#rate = checkedLimit(limit);
    this.#changed = changed;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Throws ERR_INVALID_ARGUMENT. */
  set limit(limit: number) {
    const checked = checkedLimit(limit);
    if (checked === this.#limit) return;
    this.#limit = checked;
    if (checked !== -1) this.#rate = checked;
    this.#changed();
  }

  getEnabled(): boolean {
    return this.#limit !== -1;
  }

  setEnabled(enabled: boolean): void {
    this.limit = enabled ? Math.max(0, this.#rate) : -1;
  }

  getRate(): number {
    return Math.max(0, this.#rate);
  }

  /** Counts while it is enabled. */
  setRate(rate: number): void {
    const checked = checkedLimit(rate);
    if (this.getEnabled()) this.limit = checked;
    this.#rate = checked;
  }
}

function checkedLimit(limit: unknown): number {
  const rounded = Math.round(Number(limit));
  if (Number.isFinite(rounded) && (rounded >= 0 || Number(limit) === -1)) return rounded;
  const message = `A speed limit is bytes per second, 0 or more, or -1 for none; this is ${String(limit)}.`;
  throw new TorrentideError('ERR_INVALID_ARGUMENT', message);
}
