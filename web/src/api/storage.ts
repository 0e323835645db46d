// What is stored for this origin, as a page sees it. It asks the browser for room and the engine for what is in it, and owns
// nothing of either.

import type { Engine } from '../engine-host';
import type { StoredTorrent } from '../protocol';
import type { AddOptions } from './options';

/** A torrent in the storage. */
export interface StoredEntry {
  /** 40 hex digits. */
  infoHash: string;
  /** Undefined where the metadata is not there. */
  name: string | undefined;
  bytes: number;
  /** A tab has it now, this one or another. */
  inUse: boolean;
  /** `restore` brings it back. */
  session: boolean;
}

export interface StorageReport {
  /** Bytes of this origin, of all kinds; undefined where the browser does not tell. */
  usage: number | undefined;
  /** Bytes that it may use. */
  quota: number | undefined;
  /** Whether the browser keeps it when room gets scarce. */
  persisted: boolean;
  torrents: StoredEntry[];
  /** Those of `torrents` that nobody uses, and that `restore` does not bring back. */
  orphans: StoredEntry[];
}

let asked = false;

/** Has the browser keep what is stored; asked once by a page, for Firefox asks the visitor. */
export function askToPersist(): void {
  if (asked) return;
  asked = true;
  const { storage } = navigator;
  void storage?.persisted?.().then((already) => already || storage.persist()).catch(() => false);
}

/** Looks at the storage. Rejects with the engine's error, or the reason of `signal`. */
export async function report(engine: Engine, signal?: AbortSignal): Promise<StorageReport> {
  const stored = await storedTorrents(engine, signal);
  const { usage, quota } = (await navigator.storage?.estimate?.().catch(() => null)) ?? {};
  const persisted = (await navigator.storage?.persisted?.().catch(() => false)) ?? false;
  const torrents = stored.map(({ infoHash, name, bytes, inUse, session }) => ({ infoHash, name, bytes, inUse, session }));
  return { usage, quota, persisted, torrents, orphans: torrents.filter(({ inUse, session }) => !inUse && !session) };
}

export async function storedTorrents(engine: Engine, signal?: AbortSignal): Promise<StoredTorrent[]> {
  return (await engine.call({ type: 'stored' }, signal)) as StoredTorrent[];
}

/** The id and the options by which a stored torrent is added as it was; null where it is not to be, or can't. */
export function asItWas(stored: StoredTorrent): [string | Uint8Array, AddOptions] | null {
  const { session, magnet, torrentFile, limits, paused, sequential, announce, urlList } = stored;
  const id = magnet || torrentFile;
  if (!session || !id) return null;
  const options: AddOptions = {
    paused: paused === true,
    strategy: sequential ? 'sequential' : 'rarest',
    downloadLimit: limits?.down ?? -1,
    uploadLimit: limits?.up ?? -1,
    announce: announce ?? [],
    urlList: urlList ?? [],
  };
  return [id, options];
}
