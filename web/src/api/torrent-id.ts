// Turns whatever names a torrent into what the engine reads: a string, or the bytes of a .torrent file. It does not parse them.

import { TorrentideError } from '../errors';
import type { AddOptions } from './options';

/** A parsed torrent, or any object that carries as much of one. */
export interface TorrentObject extends Pick<AddOptions, 'announce' | 'urlList'> {
  infoHash?: string | undefined;
  magnetURI?: string | undefined;
  torrentFile?: Uint8Array | undefined;
}

/**
 * A magnet link, an info-hash (hex, base32 or 20 bytes), an http(s) URL of a .torrent file, its bytes, the file itself, or an
 * object that has one of them.
 */
export type TorrentId = string | Uint8Array | ArrayBuffer | Blob | TorrentObject;

/** As libtorrent's limit for a .torrent file (load_torrent_limits.max_buffer_size). */
const MAX_TORRENT_FILE = 10_000_000;
const INFO_HASH_LENGTH = 20;

/** Rejects with ERR_INVALID_TORRENT. */
export async function engineId(id: TorrentId): Promise<string | Uint8Array> {
  if (typeof id === 'string') return id;
  if (id instanceof Blob) return torrentBytes(id.size, await readBlob(id));
  if (id instanceof ArrayBuffer) return torrentBytes(id.byteLength, new Uint8Array(id));
  if (ArrayBuffer.isView(id)) {
    // A copy: posting a view would clone all of its buffer.
    return torrentBytes(id.byteLength, new Uint8Array(id.buffer, id.byteOffset, id.byteLength).slice());
  }
  const named = id?.torrentFile ?? id?.magnetURI ?? id?.infoHash;
  if (named) return engineId(named);
  throw invalid(`This is no torrent: ${String(id)}. Give a magnet link, an info-hash, a URL, or a .torrent file.`);
}

/** The trackers and web seeds of a torrent object that has only its info-hash. */
export function ownSources(id: TorrentId): Pick<AddOptions, 'announce' | 'urlList'> {
  if (typeof id !== 'object' || id === null || !('infoHash' in id)) return {};
  return { announce: id.announce ?? [], urlList: id.urlList ?? [] };
}

async function readBlob(blob: Blob): Promise<Uint8Array> {
  if (blob.size > MAX_TORRENT_FILE) return new Uint8Array();
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw TorrentideError.wrap(error, 'ERR_INVALID_TORRENT', 'The .torrent file could not be read');
  }
}

function torrentBytes(length: number, bytes: Uint8Array): string | Uint8Array {
  if (length > MAX_TORRENT_FILE) {
    throw invalid(`This is no .torrent file: it has ${length} bytes, and none has more than ${MAX_TORRENT_FILE}.`);
  }
  if (length !== INFO_HASH_LENGTH) return bytes;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function invalid(message: string): TorrentideError {
  return new TorrentideError('ERR_INVALID_TORRENT', message);
}
