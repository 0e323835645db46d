// Turns whatever is to be seeded into Blobs with paths. It reads only what has no end that is known before (streams); which of
// the files go in, and under which names, the engine decides.

import type { SeedFile } from '../protocol';
import { TorrentideError } from '../errors';
import { collect } from './collect';
import { filesIn } from './folders';

/** What `name`, `fullPath` and `webkitRelativePath` may be set on. The path that is found first puts it in a folder. */
interface Named {
  name?: string;
  fullPath?: string;
}
type Bytes = ArrayBuffer | ArrayBufferView;
type Chunks = ReadableStream<Bytes | Blob> | AsyncIterable<Bytes | Blob>;
type Item = (Blob | Bytes | Chunks | FileSystemHandle) & Named;

/** One thing to seed, or a list of them. */
export type SeedInput = Item | FileList | readonly Item[];

/**
 * Rejects with ERR_INVALID_TORRENT for what can't be seeded, ERR_STORAGE for what can't be read. What it is given may change
 * once the call returned; `signal` ends the reading of streams and folders.
 */
export async function seedFiles(input: SeedInput, signal: AbortSignal): Promise<SeedFile[]> {
  const files: SeedFile[] = [];
  // All are looked at before the first is waited for: a FileList is empty as soon as the page clears its input.
  for (const pending of listItems(input).map((item) => readItem(item, signal))) {
    files.push(...(Array.isArray(pending) ? pending : await pending()));
  }
  return files;
}

function listItems(input: SeedInput): readonly unknown[] {
  if (Array.isArray(input)) return input;
  return input instanceof FileList ? [...input] : [input];
}

/** What an item holds, or how to read it. */
function readItem(item: unknown, signal: AbortSignal): SeedFile[] | (() => Promise<SeedFile[]>) {
  const path = pathOf(item);
  if (item instanceof Blob) return [{ path, blob: item }];
  if (item instanceof ArrayBuffer || ArrayBuffer.isView(item)) return [{ path, blob: new Blob([item as BufferSource]) }];
  if (isHandle(item)) return () => filesIn(item, signal);
  if (isStream(item)) return async () => [{ path, blob: await collect(item, signal) }];
  throw refused(item);
}

function pathOf(item: unknown): string {
  const { fullPath, webkitRelativePath, name } = Object(item) as Record<string, unknown>;
  const found = [fullPath, webkitRelativePath, name].find((value) => typeof value === 'string' && value !== '');
  return (found as string | undefined) ?? '';
}

function isHandle(item: unknown): item is FileSystemHandle {
  return typeof FileSystemHandle === 'function' && item instanceof FileSystemHandle;
}

function isStream(item: unknown): item is Chunks {
  return item instanceof ReadableStream || (typeof item === 'object' && item !== null && Symbol.asyncIterator in item);
}

function refused(item: unknown): TorrentideError {
  const what = typeof item === 'string' ? `the string "${item.slice(0, 80)}"` : Object.prototype.toString.call(item);
  const advice = typeof item === 'string' ? 'Text must be wrapped in a Blob or File' : 'Give a File, a Blob, bytes, a stream, a folder';
  return new TorrentideError('ERR_INVALID_TORRENT', `This can't be seeded: ${what}. ${advice}, or a list of them.`);
}
