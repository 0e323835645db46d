// A worker of the pool that hashes big files. The page gives it a port: by that a run of pieces comes, and their hashes go back. Its
// messages are typed here.

import { pieceHashes } from './piece-hashes';

export interface Run {
  job: number;
  blob: Blob;
  pieceLength: number;
}

/** `fault` says why the run could not be read. */
export type Hashed = { type: 'hashed'; job: number; hashes: ArrayBuffer } | { type: 'hashed'; job: number; fault: string };
/** The first message by the port: runs may come now. `lost` comes in its place where this worker can't be loaded. */
export type Up = { type: 'up' } | { type: 'lost' };
/** To the page, which then sends the port. */
export type Started = { type: 'started' };

onmessage = ({ data: port }: MessageEvent<MessagePort>) => {
  const post = (message: Hashed | Up): void => port.postMessage(message);
  port.onmessage = async ({ data: { job, blob, pieceLength } }: MessageEvent<Run>) => {
    try {
      post({ type: 'hashed', job, hashes: await pieceHashes(blob, pieceLength) });
    } catch (error) {
      post({ type: 'hashed', job, fault: String(error) });
    }
  };
  post({ type: 'up' });
};

postMessage({ type: 'started' } satisfies Started);
