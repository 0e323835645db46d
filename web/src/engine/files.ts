// Files of the origin private file system, named by numbers that are given here, and locks between tabs. To open, to list and to
// remove answer by handlers; an open file answers at once. What a path means is Python's to know.

/** Told of what took a while; set by py/torrentide/browser/opfs.py. `fault` is the name of a DOMException, '' when all is well. */
interface Handlers {
  /** `file` is 0 where there is none. */
  onOpen(job: number, file: number, fault: string, detail: string): void;
  /** A size of -1 is a folder's. */
  onList(job: number, names: string[], sizes: number[], fault: string, detail: string): void;
  onRemove(job: number, fault: string, detail: string): void;
  /** A snapshot of a file; undefined where there is none. */
  onSnapshot(job: number, file: File | undefined): void;
  /** Bytes of a file; undefined where there is none. */
  onPeek(job: number, data: Uint8Array | undefined, fault: string, detail: string): void;
}

/** A page that was reloaded finds the files of the one before still open for a moment. */
const TRIES = 40;
const TRY_MS = 50;
/** What Chromium's private windows give in place of a count for a file that was removed. */
const NOT_FOUND = -4;
/** Chromium does not read a file that was written to since it looked at it, so it has to look again. */
const LOOKS = 10;

type Folder = FileSystemDirectoryHandle;

export class Files {
  handlers: Handlers | null = null;
  private readonly open_ = new Map<number, FileSystemSyncAccessHandle>();
  private readonly folders = new Map<string, Promise<Folder>>();
  private readonly locks = new Map<number, () => void>();
  private readonly waits = new Map<number, AbortController>();
  private buffer = new ArrayBuffer(0);
  private last = 0;

  /** Whether there is such a file system, and this worker may use it. */
  async available(): Promise<boolean> {
    try {
      if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) return false;
      await navigator.storage.getDirectory();
      return true;
    } catch {
      return false;
    }
  }

  open(job: number, path: string, create: boolean): void {
    this.opened(path, create).then(
      (handle) => this.handlers?.onOpen(job, handle ? this.keep(handle) : 0, '', ''),
      (error) => this.handlers?.onOpen(job, 0, ...told(error)),
    );
  }

  /** The first `size` bytes of the buffer that `write` reads. */
  room(size: number): Uint8Array<ArrayBuffer> {
    if (size > this.buffer.byteLength) this.buffer = new ArrayBuffer(size);
    return new Uint8Array(this.buffer, 0, size);
  }

  /** Writes what was put into the buffer. Throws a QuotaExceededError where there is no room. */
  write(file: number, at: number, size: number): void {
    const written = this.file(file).write(new Uint8Array(this.buffer, 0, size), { at });
    if ((written | 0) === NOT_FOUND) throw fault('InvalidStateError', 'the file is gone');
    // In Chromium's private windows it is another negative number where there is no room.
    if (written !== size) throw fault('QuotaExceededError', 'not all bytes were written');
  }

  /** Bytes in the buffer, which the next call reuses; fewer at the end of the file. */
  read(file: number, at: number, size: number): Uint8Array {
    return this.room(counted(this.file(file).read(this.room(size), { at }), size));
  }

  /** As `read`, in a buffer of its own. */
  copy(file: number, at: number, size: number): Uint8Array {
    return this.read(file, at, size).slice();
  }

  flush(file: number): void {
    this.file(file).flush();
  }

  size(file: number): number {
    return counted(this.file(file).getSize(), Number.MAX_SAFE_INTEGER);
  }

  truncate(file: number, size: number): void {
    this.file(file).truncate(size);
  }

  close(file: number): void {
    this.open_.get(file)?.close();
    this.open_.delete(file);
  }

  list(job: number, path: string): void {
    this.listed(path).then(
      ([names, sizes]) => this.handlers?.onList(job, names, sizes, '', ''),
      (error) => this.handlers?.onList(job, [], [], ...told(error)),
    );
  }

  remove(job: number, path: string): void {
    this.removed(path).then(
      () => this.handlers?.onRemove(job, '', ''),
      (error) => this.handlers?.onRemove(job, ...told(error)),
    );
  }

  snapshot(job: number, path: string): void {
    this.handle(path, false)
      .then((handle) => handle?.getFile())
      .catch(() => undefined)
      .then((file) => this.handlers?.onSnapshot(job, file));
  }

  /** Folders that the browser has cleared are not found by what was known of them. */
  forget(): void {
    this.folders.clear();
  }

  /** Reads a file that another tab may have open, without opening it. */
  peek(job: number, path: string, at: number, size: number): void {
    this.peeked(path, at, size).then(
      (data) => this.handlers?.onPeek(job, data, '', ''),
      (error) => this.handlers?.onPeek(job, undefined, ...told(error)),
    );
  }

  /** Takes the lock of that name from all tabs of the origin, if nobody has it; 0 if somebody does. */
  lock(name: string): Promise<number> {
    return this.locked(name, { ifAvailable: true });
  }

  /** Takes it when whoever has it gives it back; 0 when `stopWaiting` was called for `wait` before. */
  waitForLock(wait: number, name: string): Promise<number> {
    const abort = new AbortController();
    this.waits.set(wait, abort);
    const locked = this.locked(name, { signal: abort.signal }).catch(() => 0);
    return locked.finally(() => this.waits.delete(wait));
  }

  stopWaiting(wait: number): void {
    this.waits.get(wait)?.abort();
  }

  /** Whether anybody waits for it. */
  async awaited(name: string): Promise<boolean> {
    const { pending } = await navigator.locks.query();
    return pending?.some((request) => request.name === name) ?? false;
  }

  unlock(lock: number): void {
    this.locks.get(lock)?.();
    this.locks.delete(lock);
  }

  private locked(name: string, options: LockOptions): Promise<number> {
    return new Promise((resolve, reject) => {
      const hold = (lock: Lock | null): Promise<void> | undefined => {
        if (!lock) return void resolve(0);
        const number = ++this.last;
        resolve(number);
        return new Promise((release) => this.locks.set(number, release));
      };
      navigator.locks.request(name, options, hold).catch(reject);
    });
  }

  private keep(handle: FileSystemSyncAccessHandle): number {
    this.open_.set(++this.last, handle);
    return this.last;
  }

  private file(number: number): FileSystemSyncAccessHandle {
    const handle = this.open_.get(number);
    if (!handle) throw fault('InvalidStateError', 'the file is closed');
    return handle;
  }

  private async opened(path: string, create: boolean): Promise<FileSystemSyncAccessHandle | null> {
    const handle = await this.handle(path, create);
    return handle && free(() => handle.createSyncAccessHandle());
  }

  private async handle(path: string, create: boolean): Promise<FileSystemFileHandle | null> {
    const [folder, name] = split(path);
    return missing(async () => (await this.folder(folder, create)).getFileHandle(name, { create }));
  }

  private async peeked(path: string, at: number, size: number): Promise<Uint8Array | undefined> {
    for (let left = LOOKS; ; left--) {
      try {
        const file = await (await this.handle(path, false))?.getFile();
        return file && new Uint8Array(await file.slice(at, at + size).arrayBuffer());
      } catch (error) {
        if (told(error)[0] !== 'NotReadableError' || left === 0) throw error;
      }
    }
  }

  private async listed(path: string): Promise<[string[], number[]]> {
    const folder = await missing(() => this.folder(path, false));
    const found: [string, FileSystemHandle][] = [];
    if (folder) for await (const entry of folder.entries()) found.push(entry);
    const size = async (handle: FileSystemHandle): Promise<number> =>
      handle.kind === 'file' ? (await (handle as FileSystemFileHandle).getFile()).size : -1;
    return [found.map(([name]) => name), await Promise.all(found.map(([, handle]) => size(handle)))];
  }

  private async removed(path: string): Promise<void> {
    for (const known of this.folders.keys()) if (`${known}/`.startsWith(`${path}/`)) this.folders.delete(known);
    const [folder, name] = split(path);
    await missing(async () => {
      const parent = await this.folder(folder, false);
      await free(() => parent.removeEntry(name, { recursive: true }));
    });
  }

  private folder(path: string, create: boolean): Promise<Folder> {
    if (!path) return navigator.storage.getDirectory();
    let known = this.folders.get(path);
    if (!known) {
      const [above, name] = split(path);
      known = this.folder(above, create).then((folder) => folder.getDirectoryHandle(name, { create }));
      this.folders.set(path, known);
      known.catch(() => this.folders.delete(path));
    }
    return known;
  }
}

/** Bytes that were read; Chromium gives errors as negative numbers here, too, or as those without their sign. */
function counted(count: number, most: number): number {
  if (count < 0 || count > most) throw fault('InvalidStateError', 'the file is gone');
  return count;
}

function split(path: string): [string, string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
}

function told(error: unknown): [string, string] {
  return error instanceof DOMException ? [error.name, error.message] : ['Error', String(error)];
}

/** Null in place of a NotFoundError. */
async function missing<T>(get: () => Promise<T>): Promise<T | null> {
  try {
    return await get();
  } catch (error) {
    if (told(error)[0] === 'NotFoundError') return null;
    throw error;
  }
}

/** Tries again while what is wanted is in use. */
async function free<T>(get: () => Promise<T>): Promise<T> {
  for (let left = TRIES; ; left--) {
    try {
      return await get();
    } catch (error) {
      if (told(error)[0] !== 'NoModificationAllowedError' || left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, TRY_MS));
    }
  }
}

/** As the browser's own errors; a DOMException that is made here Pyodide does not take for an error. */
function fault(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
