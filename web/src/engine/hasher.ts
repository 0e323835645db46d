// A worker of the pool that hashes big files: a run of pieces comes, their hashes go back. Its messages are typed here.

import { pieceHashes } from './piece-hashes';

export interface Run {
  job: number;
  blob: Blob;
  pieceLength: number;
}

/** `fault` says why the run could not be read. */
export type Hashed = { type: 'hashed'; job: number; hashes: ArrayBuffer } | { type: 'hashed'; job: number; fault: string };
/** The first message: runs may come now. */
export type Up = { type: 'up' };

const post = (message: Hashed | Up): void => postMessage(message);

onmessage = async ({ data: { job, blob, pieceLength } }: MessageEvent<Run>) => {
  try {
    post({ type: 'hashed', job, hashes: await pieceHashes(blob, pieceLength) });
  } catch (error) {
    post({ type: 'hashed', job, fault: String(error) });
  }
};

post({ type: 'up' });
