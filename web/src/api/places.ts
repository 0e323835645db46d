// Makes places for files in a folder that the person picked, beside what is there already. It writes no bytes.

import { TorrentideError } from '../errors';

/** As the engine gives up on names in a torrent that are taken. */
const MAX_NAMES = 500;
/** Chromium may hold a file for a moment after the writing to it was broken off. */
const TRIES = 20;
const RETRY_MS = 50;

/** A new, empty file. One whose name the browser refuses, as it does a `.lnk`, gets `.download` behind it. */
export async function newFile(folder: FileSystemDirectoryHandle, name: string): Promise<FileSystemFileHandle> {
  try {
    return await folder.getFileHandle(await freeName(folder, name), { create: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return folder.getFileHandle(await freeName(folder, `${name}.download`), { create: true });
  }
}

/** The name, or one with a number behind it that nothing has in the folder yet. */
export async function freeName(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let number = 2, free = name; number <= MAX_NAMES; free = `${stem} (${number++})${extension}`) {
    if (!(await isTaken(folder, free))) return free;
  }
  throw new TorrentideError('ERR_STORAGE', `The folder has too many files that are called "${name}".`);
}

/** The folder of that path below `folder`; what lacks of it is made. */
export async function folderAt(folder: FileSystemDirectoryHandle, path: readonly string[]): Promise<FileSystemDirectoryHandle> {
  let at = folder;
  for (const name of path) at = await at.getDirectoryHandle(name, { create: true });
  return at;
}

/** Removes a file that was begun; never rejects. */
export async function discard(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      return await folder.removeEntry(name);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'NoModificationAllowedError')) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function isTaken(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await folder.getFileHandle(name);
    return true;
  } catch (error) {
    const kind = error instanceof DOMException ? error.name : '';
    if (kind === 'NotFoundError') return false;
    // A folder of that name.
    if (kind === 'TypeMismatchError') return true;
    throw error;
  }
}
