// Lists the files in a folder of the File System API. It never reads them.

import type { SeedFile } from '../protocol';
import { TorrentideError } from '../errors';

/** As the engine's limits for a torrent: what goes beyond is refused before it is listed to the end. */
const MAX_DEPTH = 100;
const MAX_FILES = 500_000;

/** The file, or the files below the folder, in the order of their names. Rejects with ERR_STORAGE or ERR_INVALID_TORRENT. */
export async function filesIn(handle: FileSystemHandle, signal: AbortSignal): Promise<SeedFile[]> {
  const files: SeedFile[] = [];
  try {
    await list(handle, [handle.name], files, signal);
  } catch (error) {
    throw TorrentideError.wrap(error, 'ERR_STORAGE', `"${handle.name}" could not be read`);
  }
  return files;
}

async function list(handle: FileSystemHandle, path: string[], files: SeedFile[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (handle instanceof FileSystemFileHandle) {
    files.push({ path: path.join('/'), blob: await handle.getFile() });
    return;
  }
  const entries: FileSystemHandle[] = [];
  for await (const entry of (handle as FileSystemDirectoryHandle).values()) {
    entries.push(entry);
    if (files.length + entries.length > MAX_FILES || path.length > MAX_DEPTH) {
      throw new TorrentideError('ERR_INVALID_TORRENT', `A torrent has at most ${MAX_FILES} files, ${MAX_DEPTH} folders deep.`);
    }
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) await list(entry, [...path, entry.name], files, signal);
}
