// The workers that hash big files for the engine. The page makes them, and each then speaks with the engine alone: in Firefox a worker
// that makes workers itself now and then waits in `new Worker` for ever, when the page is busy (two threads wait for one signal there).
// How many there are, and what they do, is the engine's to know.

import type { Started } from './engine/hasher';
import type { FromEngine } from './protocol';
import { startWorker } from './worker-start';

export class HasherPool {
  readonly #workers = new Set<Worker>();

  /** Starts one that speaks by `port`. Where it can't be loaded, the other side of the port is told. */
  start(url: URL, port: MessagePort): void {
    const lost = (): void => port.postMessage({ type: 'lost' });
    let worker: Worker;
    try {
      worker = startWorker(url);
    } catch {
      return lost();
    }
    this.#workers.add(worker);
    worker.onerror = (event) => {
      event.preventDefault();
      lost();
    };
    worker.onmessage = ({ data }: MessageEvent<Started | FromEngine>) => {
      // Firefox now and then loses what is sent to a worker while it loads.
      if (data.type === 'started') worker.postMessage(port, [port]);
      else lost();
    };
  }

  end(): void {
    for (const worker of this.#workers) worker.terminate();
    this.#workers.clear();
  }
}
