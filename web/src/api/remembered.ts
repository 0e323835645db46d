// Seeds of earlier visits: the handles of their files, kept in IndexedDB, and what is known of them. A page may use a handle again when
// the person has allowed it with a click. It never reads the files; how they are shared again, the client knows.

import { TorrentideError } from '../errors';
import type { SeedFile } from '../protocol';
import type { SeedInput } from './inputs';
import type { SeedOptions } from './options';
import type { Torrent } from './torrent';

/** What tells whether a file is still the one that was hashed: path, bytes, milliseconds since 1970. */
type Look = [path: string, size: number, modified: number];

/** What is kept of a seed. */
export interface SeedRecord {
  infoHash: string;
  name: string;
  length: number;
  torrentFile: Uint8Array;
  handles: FileSystemHandle[];
  looks: Look[];
  options: Omit<SeedOptions, 'signal'>;
}

/** What a seed was made of. */
interface Given {
  handles: FileSystemHandle[];
  files: SeedFile[];
  options: SeedOptions;
}

/** In the specification, and in Chromium; elsewhere a handle needs no permission. */
interface Guarded {
  queryPermission?(options: { mode: 'read' }): Promise<PermissionState>;
  requestPermission?(options: { mode: 'read' }): Promise<PermissionState>;
}

const DATABASE = 'torrentide';
const SEEDS = 'seeds';

/** A seed of an earlier visit. */
export class RememberedSeed<T> {
  readonly infoHash: string;
  readonly name: string;
  /** Bytes. */
  readonly length: number;
  readonly #record: SeedRecord;
  readonly #share: (record: SeedRecord) => T;

  /** @internal */
  constructor(record: SeedRecord, share: (record: SeedRecord) => T) {
    this.infoHash = record.infoHash;
    this.name = record.name;
    this.length = record.length;
    this.#record = record;
    this.#share = share;
  }

  /** `prompt`: `seed` asks the person, so it belongs right behind a click. */
  async permission(): Promise<PermissionState> {
    const states = await Promise.all(this.#guarded.map((handle) => handle.queryPermission?.({ mode: 'read' }) ?? 'granted'));
    return states.find((state) => state === 'denied') ?? states.find((state) => state === 'prompt') ?? 'granted';
  }

  /**
   * Shares it again, without hashing where the files are as they were; else they are hashed, and it is another torrent. Rejects with
   * ERR_NOT_ALLOWED.
   */
  async seed(): Promise<T> {
    for (const handle of this.#guarded) {
      if (((await handle.requestPermission?.({ mode: 'read' })) ?? 'granted') === 'granted') continue;
      throw new TorrentideError('ERR_NOT_ALLOWED', `"${this.name}" is not shared again: the browser or you did not allow its files to be read.`);
    }
    return this.#share(this.#record);
  }

  /** Does not offer it any more. */
  forget(): Promise<void> {
    return forget(this.infoHash);
  }

  get #guarded(): Guarded[] {
    return this.#record.handles as Guarded[];
  }
}

/** The handles of an input, where it consists of nothing else; null where something in it could not be found again. */
export function handlesOf(input: SeedInput): FileSystemHandle[] | null {
  const items: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (typeof FileSystemHandle !== 'function') return null;
  return items.every((item): item is FileSystemHandle => item instanceof FileSystemHandle) ? [...items] : null;
}

function looksOf(files: readonly SeedFile[]): Look[] {
  return files.map(({ path, blob }) => [path, blob.size, blob instanceof File ? blob.lastModified : 0]);
}

/** Whether the files are those that were hashed, as far as their looks tell. */
export function looksSame(record: SeedRecord, files: readonly SeedFile[]): boolean {
  return JSON.stringify(record.looks) === JSON.stringify(looksOf(files));
}

/** Keeps a seed in place of `before`. Where the browser keeps no handles, that is a warning of the torrent. */
export async function remember(torrent: Torrent, { handles, files, options }: Given, before: SeedRecord | null): Promise<void> {
  const { infoHash = '', name = '', length, torrentFile = new Uint8Array() } = torrent;
  const { signal: _, ...kept } = options;
  try {
    await use('readwrite', (seeds) => seeds.put({ infoHash, name, length, torrentFile, handles, looks: looksOf(files), options: kept }));
    if (before && before.infoHash !== infoHash) await forget(before.infoHash);
  } catch (error) {
    torrent.emit('warning', TorrentideError.wrap(error, 'ERR_STORAGE', `"${name}" will not be offered again`));
  }
}

export async function forget(infoHash: string): Promise<void> {
  await use('readwrite', (seeds) => seeds.delete(infoHash));
}

export async function rememberedSeeds(): Promise<SeedRecord[]> {
  return (await use('readonly', (seeds) => seeds.getAll())) as SeedRecord[];
}

async function use<T>(mode: IDBTransactionMode, act: (seeds: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  try {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(SEEDS, { keyPath: 'infoHash' });
    const database = await settled(opening);
    try {
      return await settled(act(database.transaction(SEEDS, mode).objectStore(SEEDS)));
    } finally {
      database.close();
    }
  } catch (error) {
    throw TorrentideError.wrap(error, 'ERR_STORAGE', "The browser's list of shared files can't be used");
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
