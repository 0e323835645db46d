// Saves files of torrents: into a file, into one zip, or into a folder, as the bytes come and in order. Only where a page may write
// no files, and has no service worker of ours, is anything gathered before. It knows the files' streams, and not where those come from.

import { makeZip, predictLength } from 'client-zip';
import { TorrentideError, guarded } from '../errors';
import { downloadSink } from './download';
import type { FileEntry } from './file';
import type { Abortable } from './gate';
import { pickFile, pickFolder } from './pickers';
import { discard, folderAt, freeName, newFile } from './places';

interface Progress extends Abortable {
  /** Told of the bytes that are written, and of all that will be. A zip is a little more than its files, which are counted here. */
  progress?: ((written: number, length: number) => void) | undefined;
}

export interface SaveOptions extends Progress {
  /** The file to write. Without it the person is asked; where the browser can't ask, it is a download as any other. */
  to?: FileSystemFileHandle | undefined;
}

export interface SaveAllOptions extends Progress {
  /** A file, which becomes a zip, or the folder in which the torrent's own folder is made. Without it the person is asked, as above. */
  to?: FileSystemFileHandle | FileSystemDirectoryHandle | undefined;
  /** What to ask for: `zip` by default. */
  as?: 'zip' | 'folder' | undefined;
}

/** What is saved of a torrent. `files` waits until they are known; `name` may be a better one then. */
interface Saved {
  name(): string;
  files(): Promise<FileEntry[]>;
}

type Sink = WritableStream<Uint8Array>;
type Entry = { name: string; size: number };

const WRITE_BYTES = 1024 * 1024;

/** Rejects with ERR_NOT_ALLOWED, ERR_STORAGE_FULL, ERR_STORAGE, ERR_CLOSED, or AbortError: the person's, or the signal's reason. */
export async function saveFile(file: FileEntry, options: SaveOptions = {}): Promise<void> {
  await reported(file.name, options.signal, async () => {
    const to = options.to ?? (await pickFile(file.name));
    const sink = to ? await to.createWritable() : await downloadSink(file.name, file.type, file.length);
    await new Saving([file], options).pour(file, sink);
  });
}

/** As `saveFile`, and ERR_UNSUPPORTED where a folder can't be asked for. */
export async function saveAll({ name, files }: Saved, options: SaveAllOptions = {}): Promise<void> {
  await reported(name(), options.signal, async () => {
    // First of all: a browser asks only right behind a click.
    const to = options.to ?? (options.as === 'folder' ? await askForFolder() : await pickFile(`${name()}.zip`));
    const saving = new Saving(await files(), options);
    if (to instanceof FileSystemDirectoryHandle) return saving.intoFolder(to);
    await saving.intoZip(to ? await to.createWritable() : await downloadSink(`${name()}.zip`, 'application/zip', saving.zipLength));
  });
}

async function askForFolder(): Promise<FileSystemDirectoryHandle> {
  const folder = await pickFolder();
  if (!folder) throw new TorrentideError('ERR_UNSUPPORTED', 'This browser lets no page write into a folder: save a zip instead.');
  return folder;
}

class Saving {
  readonly #files: readonly FileEntry[];
  readonly #length: number;
  readonly #progress: Progress['progress'];
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #written = 0;

  constructor(files: readonly FileEntry[], { signal, progress }: Progress) {
    this.#files = files;
    this.#length = files.reduce((sum, file) => sum + file.length, 0);
    this.#progress = progress;
    this.#signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
  }

  /** Bytes of the zip. */
  get zipLength(): bigint {
    return predictLength(this.#files.map(entryOf));
  }

  /** The file and nothing else. Whatever ends it early leaves the old contents of a file in place. */
  async pour(file: FileEntry, sink: Sink): Promise<void> {
    await this.#read(file).pipeTo(sink, { signal: this.#signal });
  }

  async intoZip(sink: Sink): Promise<void> {
    try {
      await makeZip(this.#entries()).pipeThrough(gathered()).pipeTo(sink, { signal: this.#signal });
    } finally {
      // The zip may have failed behind a file that is still being read.
      this.#stop.abort();
    }
  }

  /** Nothing that is there is replaced: the torrent's folder gets another name where its own is taken. */
  async intoFolder(folder: FileSystemDirectoryHandle): Promise<void> {
    let top: string | undefined;
    for (const file of this.#files) {
      const [first = '', ...path] = file.path.split('/');
      const name = path.pop();
      // The one file of a torrent that has no folder.
      if (name !== undefined) path.unshift((top ??= await freeName(folder, first)));
      const home = await folderAt(folder, path);
      const handle = await newFile(home, name ?? first);
      try {
        await this.pour(file, await handle.createWritable());
      } catch (error) {
        await discard(home, handle.name);
        throw error;
      }
    }
  }

  async *#entries(): AsyncGenerator<Entry & { input: ReadableStream<Uint8Array> | Uint8Array }> {
    // Of tens of thousands of empty files, streams would take the most of the time.
    for (const file of this.#files) yield { ...entryOf(file), input: file.length ? this.#read(file) : new Uint8Array() };
  }

  #read(file: FileEntry): ReadableStream<Uint8Array> {
    const count = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        controller.enqueue(chunk);
        this.#written += chunk.length;
        guarded(() => this.#progress?.(this.#written, this.#length));
      },
    });
    return file.stream({ signal: this.#signal }).pipeThrough(count);
  }
}

/** As it is called in a zip. */
function entryOf({ path, length }: FileEntry): Entry {
  return { name: path, size: length };
}

/** The same bytes in big chunks: a zip has several small ones for each file, and each write costs a browser a millisecond. */
function gathered(): TransformStream<Uint8Array, Uint8Array> {
  let room = new Uint8Array(WRITE_BYTES);
  let used = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      for (let at = 0; at < chunk.length; ) {
        const taken = chunk.subarray(at, at + WRITE_BYTES - used);
        room.set(taken, used);
        used += taken.length;
        at += taken.length;
        if (used < WRITE_BYTES) continue;
        controller.enqueue(room);
        room = new Uint8Array(WRITE_BYTES);
        used = 0;
      }
    },
    flush: (controller) => {
      if (used) controller.enqueue(room.slice(0, used));
    },
  });
}

/** Runs it; what goes wrong comes out as an error of ours, but for the end that the page or the person wished. */
async function reported(name: string, signal: AbortSignal | undefined, save: () => Promise<void>): Promise<void> {
  try {
    signal?.throwIfAborted();
    await save();
  } catch (error) {
    const kind = error instanceof DOMException ? error.name : '';
    if (kind === 'AbortError' || (signal?.aborted && error === signal.reason)) throw error;
    throw TorrentideError.wrap(error, CODES[kind] ?? 'ERR_STORAGE', `"${name}" could not be saved`);
  }
}

const CODES: Record<string, string> = {
  NotAllowedError: 'ERR_NOT_ALLOWED',
  SecurityError: 'ERR_NOT_ALLOWED',
  NoModificationAllowedError: 'ERR_NOT_ALLOWED',
  QuotaExceededError: 'ERR_STORAGE_FULL',
};
