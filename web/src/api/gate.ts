// Promises that wait for one thing, which comes once or never. It knows nothing of what that is.

interface Waiter<T> {
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export interface Abortable {
  /** Ends the wait: the promise is rejected with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** All promises given out settle when the thing comes (`open`), or when it can't any more (`shut`). */
export class Gate<T> {
  readonly #waiting = new Set<Waiter<T>>();
  #settle: ((waiter: Waiter<T>) => void) | null = null;

  wait({ signal }: Abortable = {}): Promise<T> {
    return abortable((resolve, reject) => {
      const waiter = { resolve, reject };
      if (this.#settle) this.#settle(waiter);
      else this.#waiting.add(waiter);
      return () => void this.#waiting.delete(waiter);
    }, signal);
  }

  open(value: T): void {
    this.#end((waiter) => waiter.resolve(value));
  }

  shut(reason: Error): void {
    this.#end((waiter) => waiter.reject(reason));
  }

  #end(settle: (waiter: Waiter<T>) => void): void {
    if (this.#settle) return;
    this.#settle = settle;
    for (const waiter of [...this.#waiting]) settle(waiter);
    this.#waiting.clear();
  }
}

/** A promise that `signal` can reject. `start` begins the work and gives what breaks it off; no listener stays on the signal. */
export function abortable<T>(
  start: (resolve: (value: T) => void, reject: (reason: unknown) => void) => () => void,
  signal?: AbortSignal,
): Promise<T> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => {
      stop();
      reject(signal?.reason);
    };
    const settled = <V>(settle: (value: V) => void) => {
      return (value: V): void => {
        signal?.removeEventListener('abort', abort);
        settle(value);
      };
    };
    signal?.addEventListener('abort', abort, { once: true });
    const stop = start(settled(resolve), settled(reject));
  });
}
