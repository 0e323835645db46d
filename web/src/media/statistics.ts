// Where the bytes of a torrent came from: peers, or web servers. It counts what wires say, and keeps none that was closed.

import type { Torrent } from '../api/torrent';
import type { Wire } from '../api/wire';

/** Where bytes came from, and what is going on; the `statistics` event has it, once a second. */
export interface VideoStatistics {
  fromPeers: number;
  /** By web seeds and the fallback. */
  fromHTTP: number;
  /** Bytes per second. */
  downloadSpeed: number;
  uploadSpeed: number;
  peers: number;
}

export const NO_STATISTICS: VideoStatistics = { fromPeers: 0, fromHTTP: 0, downloadSpeed: 0, uploadSpeed: 0, peers: 0 };

export class Sources {
  readonly #torrent: Torrent;
  readonly #wires = new Set<Wire>();
  /** By those that were closed. */
  #before = 0;

  constructor(torrent: Torrent, signal: AbortSignal) {
    this.#torrent = torrent;
    const count = (wire: Wire): void => {
      this.#wires.add(wire);
      wire.once('close', () => {
        this.#wires.delete(wire);
        this.#before += wire.downloaded;
      });
    };
    for (const wire of torrent.wires) count(wire);
    torrent.on('wire', count);
    signal.addEventListener('abort', () => torrent.off('wire', count), { once: true });
  }

  get statistics(): VideoStatistics {
    const { received, downloadSpeed, uploadSpeed, numPeers: peers } = this.#torrent;
    const told = [...this.#wires].reduce((sum, wire) => sum + wire.downloaded, this.#before);
    const fromPeers = Math.min(received, told);
    return { fromPeers, fromHTTP: received - fromPeers, downloadSpeed, uploadSpeed, peers };
  }
}
