// The engine's end of the pool of workers that hash big files for seeding (the page's: hasher-pool.ts), and this worker in their place
// where there are none. Which runs are hashed, and how many at a time, py/torrentide/browser/hashing.py decides.

import type { FromEngine } from '../protocol';
import type { Hashed, Run, Up } from './hasher';
import { pieceHashes } from './piece-hashes';

/** Two share the work of reading well (measured on two cores); more than four would only take memory from each other. */
const MIN_WORKERS = 2;
const MAX_WORKERS = 4;
/** One that is not up by then is taken for one that can't be loaded. */
const UP_MS = 10_000;

interface Job extends Run {
  resolve(hashes: ArrayBuffer): void;
  reject(reason: Error): void;
}

interface Hasher {
  port: MessagePort;
  up: boolean;
  jobs: Map<number, Job>;
}

export class Hashers {
  private hashers: Hasher[] = [];
  private users = 0;
  private lastJob = 0;

  /** `post` reaches the page, which starts and ends the workers. */
  constructor(private readonly post: (message: FromEngine, transfer?: Transferable[]) => void) {}

  /** Starts the workers, unless somebody has; gives how many there are. Every `open` needs a `close`. */
  open(): number {
    if (this.users++ === 0) {
      const count = Math.max(MIN_WORKERS, Math.min(navigator.hardwareConcurrency || 0, MAX_WORKERS));
      for (let each = 0; each < count; each++) this.start();
    }
    return this.hashers.length;
  }

  /** Ends the workers when nobody needs them any more. */
  close(): void {
    if (--this.users > 0) return;
    for (const { port } of this.hashers.splice(0)) port.close();
    this.post({ type: 'hashers-end' });
  }

  /** The SHA-1 of each piece of `blob`. Rejects when it can't be read any more. */
  hash(blob: Blob, pieceLength: number): Promise<ArrayBuffer> {
    const hashed = new Promise<ArrayBuffer>((resolve, reject) => {
      this.assign({ job: ++this.lastJob, blob, pieceLength, resolve, reject });
    });
    // Python waits for one run at a time; that another one has failed meanwhile is no news to the console.
    hashed.catch(() => {});
    return hashed;
  }

  private assign(job: Job): void {
    const [first, ...others] = this.hashers;
    if (!first) return void pieceHashes(job.blob, job.pieceLength).then(job.resolve, job.reject);
    const idlest = others.reduce((best, each) => (each.jobs.size < best.jobs.size ? each : best), first);
    idlest.jobs.set(job.job, job);
    if (idlest.up) send(idlest.port, job);
  }

  private start(): void {
    const { port1: port, port2 } = new MessageChannel();
    const hasher: Hasher = { port, up: false, jobs: new Map() };
    this.hashers.push(hasher);
    setTimeout(() => hasher.up || this.lost(hasher), UP_MS);
    port.onmessage = ({ data }: MessageEvent<Up | Hashed>) => {
      if (data.type === 'hashed') settle(hasher.jobs, data);
      else if (data.type === 'up') begin(hasher);
      else this.lost(hasher);
    };
    this.post({ type: 'hasher', port: port2 }, [port2]);
  }

  /** A worker that can't be loaded: others do its work. */
  private lost(hasher: Hasher): void {
    if (!this.hashers.includes(hasher)) return;
    this.hashers = this.hashers.filter((each) => each !== hasher);
    hasher.port.close();
    for (const job of hasher.jobs.values()) this.assign(job);
  }
}

function begin(hasher: Hasher): void {
  hasher.up = true;
  for (const job of hasher.jobs.values()) send(hasher.port, job);
}

function send(port: MessagePort, { job, blob, pieceLength }: Job): void {
  port.postMessage({ job, blob, pieceLength } satisfies Run);
}

function settle(jobs: Map<number, Job>, done: Hashed): void {
  const job = jobs.get(done.job);
  jobs.delete(done.job);
  if ('hashes' in done) job?.resolve(done.hashes);
  else job?.reject(new Error(done.fault));
}
