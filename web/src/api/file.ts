// One file of a torrent: mirrored facts, and its data as Blob, bytes or stream. It reads and selects through functions that its
// torrent gives it, and knows neither the engine nor pieces on their way.

import type { FileInfo } from '../protocol';
import { TorrentideError } from '../errors';
import { type Pace, paceOf } from '../media/pace';
import { type RenderOptions, appendTo, renderTo } from '../media/render';
import { expectPlaying, stream } from '../media/stream';
import type { FileServer } from '../sw/server';
import { EventEmitter } from './events';
import type { Abortable } from './gate';
import { ReadStream } from './read-stream';
import { type ByteReader, chunksOf, streamOf } from './reading';
import { type SaveOptions, saveFile } from './saving';
import type { Selections } from './selections';
import { typeOf } from './types';

export interface ByteRange extends Abortable {
  /** First byte. */
  start?: number | undefined;
  /** Last byte, inclusive; one past the end of the file means its last byte. */
  end?: number | undefined;
}

export interface StreamRange extends ByteRange {
  /** Bytes a second that will be read, where that is known: what is ahead is fetched in time for it. */
  rate?: number | undefined;
  /** It is read for the elements on which the file plays. @internal */
  playing?: boolean | undefined;
}

export interface FileEvents {
  done: [];
  /** It can't be shown or played any further. */
  error: [TorrentideError];
  /** A part of it can't be played: a codec that the browser does not know. */
  warning: [TorrentideError];
}

/** What a file needs of its torrent. */
export interface FileOwner {
  readonly pieceLength: number;
  readonly infoHash: string | undefined;
  /** What `client.createServer` made. */
  readonly server: FileServer | null;
  /** Gives bytes `start` to `end` (exclusive) of the file, once they are all there. */
  read(start: number, end: number, signal?: AbortSignal): Promise<Blob>;
  /** Reads the same bytes in order; the pace is asked before each read. */
  reader(start: number, end: number, pace: () => Pace): ByteReader;
  select(from: number, to: number, priority: number | boolean | undefined): void;
  /** All that this file does not share with another one that is wanted. */
  deselect(file: FileEntry): void;
}

type Callback<T> = (error: Error | null, value?: T) => void;

export class FileEntry extends EventEmitter<FileEvents> {
  readonly name: string;
  /** With the torrent's name first, segments joined by '/'. */
  readonly path: string;
  /** Bytes. */
  readonly length: number;
  readonly size: number;
  /** Where the file begins in the torrent, in bytes. */
  readonly offset: number;
  /** MIME type, by extension. */
  readonly type: string;
  readonly done: boolean;
  /** Verified bytes. */
  readonly downloaded: number = 0;
  /** Whether it was wanted last. */
  selected: boolean;
  /** Its first and last piece; of an empty file the last may come before the first. */
  readonly _startPiece: number;
  readonly _endPiece: number;
  /** The elements on which it plays. @internal */
  readonly screens = new Set<HTMLMediaElement>();
  readonly #owner: FileOwner;
  /** The whole, read for a request of the browser that is on its way. */
  #expected: ReadableStream<Uint8Array> | null = null;

  /** @internal */
  constructor(info: FileInfo, owner: FileOwner, selected: boolean) {
    super();
    this.name = info.name;
    this.path = info.path;
    this.length = info.length;
    this.size = info.length;
    this.offset = info.offset;
    this.type = typeOf(info.name);
    this.done = info.length === 0;
    this._startPiece = Math.floor(info.offset / owner.pieceLength);
    this._endPiece = Math.trunc((info.offset + info.length - 1) / owner.pieceLength);
    this.selected = selected;
    this.#owner = owner;
    expectPlaying(this);
  }

  /** 0 to 1; 0 for an empty file, as in WebTorrent. */
  get progress(): number {
    return this.length ? this.downloaded / this.length : 0;
  }

  /** Where the service worker serves it, from the root of the site. Throws ERR_UNSUPPORTED before `client.createServer`. */
  get streamURL(): string {
    const { server, infoHash } = this.#owner;
    if (!server || !infoHash) throw new TorrentideError('ERR_UNSUPPORTED', 'No server created: call client.createServer() first.');
    return server.url(infoHash, this);
  }

  /** Wants the file. Throws ERR_CLOSED. */
  select(priority?: number | boolean): void {
    if (this.length) this.#owner.select(this._startPiece, this._endPiece, priority);
    this.selected = true;
  }

  /** Does not want it. A piece that it shares with a file that is wanted is fetched all the same. Throws ERR_CLOSED. */
  deselect(): void {
    if (this.length) this.#owner.deselect(this);
    this.selected = false;
  }

  /** Whether bytes of the file are in that piece. */
  includes(piece: number): boolean {
    return this._startPiece <= piece && this._endPiece >= piece;
  }

  /** Waits until the bytes are there. Rejects with ERR_CLOSED if the torrent is destroyed, RangeError for a bad range. */
  async blob(range?: ByteRange | null): Promise<Blob> {
    const { start, end } = this.#bounds(range);
    const data = start < end ? await this.#owner.read(start, end, range?.signal) : new Blob();
    return data.slice(0, data.size, this.type);
  }

  /** As `blob`. */
  async arrayBuffer(range?: ByteRange | null): Promise<ArrayBuffer> {
    return (await this.blob(range)).arrayBuffer();
  }

  /** The bytes in order, as they come. Errors as `blob` rejects; a bad range throws. */
  stream(range?: StreamRange | null): ReadableStream<Uint8Array> {
    return streamOf(this.#reader(range), range?.signal);
  }

  /** As `stream`, in the manner of Node's streams: events `data`, `end`, `error` and `close`, `pipe`, `pause`, `resume`, `destroy`. */
  createReadStream(range?: StreamRange | null): ReadStream {
    return new ReadStream(this.#reader(range));
  }

  /** As `stream`. */
  [Symbol.asyncIterator](range?: StreamRange | null): AsyncGenerator<Uint8Array, void, void> {
    return chunksOf(this.#reader(range), range?.signal);
  }

  /**
   * Saves it on the person's disk, as the bytes come where the browser lets a page write files. Call it right behind a click. Rejects
   * with ERR_NOT_ALLOWED, ERR_STORAGE_FULL, ERR_STORAGE, ERR_CLOSED, or AbortError when the person is asked where to and says no.
   */
  save(options?: SaveOptions): Promise<void> {
    return saveFile(this, options);
  }

  /** As `streamURL`, or null where requests of this page do not reach the service worker. @internal */
  get servedURL(): string | null {
    return this.#owner.server?.reached ? this.streamURL : null;
  }

  /** Begins to read what the browser asks for first when it plays a URL. Gives what ends that, if it has not asked by then. @internal */
  expectRequest(): () => void {
    if (this.#expected) return () => {};
    const expected = (this.#expected = this.stream({ playing: true }));
    return () => {
      if (this.#expected !== expected) return;
      this.#expected = null;
      // It may have ended with an error, which nobody reads.
      expected.cancel().catch(() => {});
    };
  }

  /** Bytes for a request of the browser. `end` is inclusive. @internal */
  requested({ start, end }: { start: number; end: number }): ReadableStream<Uint8Array> {
    const expected = this.#expected;
    if (!expected || start > 0 || end < this.length - 1) return this.stream({ start, end, playing: true });
    this.#expected = null;
    return expected;
  }

  /** Plays it while it comes; seeking fetches what it needs. What played on the element before ends. The callback comes with the metadata. */
  streamTo<E extends HTMLMediaElement>(element: E, callback?: Callback<E>): E {
    const { ready } = stream(this, element);
    // Errors are events of the file and of the element.
    if (callback) settle(ready.then(() => element), callback);
    return element;
  }

  /** Shows it below an element: video, sound, pictures, PDF, text. Rejects with a TorrentideError where that is not possible. */
  appendTo(root: string | Element, options?: RenderOptions | null, callback?: Callback<HTMLElement>): Promise<HTMLElement>;
  appendTo(root: string | Element, callback?: Callback<HTMLElement>): Promise<HTMLElement>;
  appendTo(root: string | Element, options?: RenderOptions | null | Callback<HTMLElement>, callback?: Callback<HTMLElement>): Promise<HTMLElement> {
    return this.#show(appendTo, root, options, callback);
  }

  /** Shows it on an element that fits it, such as a `<video>`. As `appendTo`. */
  renderTo(element: string | Element, options?: RenderOptions | null, callback?: Callback<HTMLElement>): Promise<HTMLElement>;
  renderTo(element: string | Element, callback?: Callback<HTMLElement>): Promise<HTMLElement>;
  renderTo(element: string | Element, options?: RenderOptions | null | Callback<HTMLElement>, callback?: Callback<HTMLElement>): Promise<HTMLElement> {
    return this.#show(renderTo, element, options, callback);
  }

  /** WebTorrent 1: the whole file, to a callback. */
  getBuffer(callback: Callback<Uint8Array>): void {
    settle(this.arrayBuffer().then((data) => new Uint8Array(data)), callback);
  }

  getBlob(callback: Callback<Blob>): void {
    settle(this.blob(), callback);
  }

  /** The page revokes the URL. */
  getBlobURL(callback: Callback<string>): void {
    settle(this.blob().then((blob) => URL.createObjectURL(blob)), callback);
  }

  #show(
    how: typeof appendTo,
    where: string | Element,
    options: RenderOptions | null | undefined | Callback<HTMLElement>,
    callback: Callback<HTMLElement> | undefined,
  ): Promise<HTMLElement> {
    const heard = typeof options === 'function' ? options : callback;
    const shown = how(this, where, typeof options === 'function' ? {} : (options ?? {}));
    if (heard) settle(shown, heard);
    return shown;
  }

  /** Everything is here; called by the torrent. @internal */
  finish(): void {
    Object.assign(this, { done: true, downloaded: this.length });
    this.emit('done');
  }

  /** Some of it is lost, and fetched again; called by the torrent. @internal */
  lose(): void {
    Object.assign(this, { done: false });
  }

  /** Called by the torrent, for a magnet link that selects files. @internal */
  selectIn(selections: Selections): void {
    if (this.length) selections.select(this._startPiece, this._endPiece);
    this.selected = true;
  }

  #reader(range: StreamRange | null | undefined): ByteReader {
    const { start, end } = this.#bounds(range);
    const pace = { rate: range?.rate ?? 0, slack: -1 };
    return this.#owner.reader(start, end, range?.playing ? () => paceOf(this.length, this.screens) : () => pace);
  }

  #bounds(range: ByteRange | null | undefined): { start: number; end: number } {
    const { start = 0, end = this.length - 1 } = range ?? {};
    const whole = Number.isInteger(start) && Number.isInteger(end);
    const last = Math.min(end, this.length - 1);
    // As HTTP: what begins at the end or behind it is no range; an empty file can be read whole all the same.
    const none = start > last && !(start === 0 && end === this.length - 1);
    if (!whole || start < 0 || none) {
      throw new RangeError(`No such bytes: ${start} to ${end} of the ${this.length} bytes of "${this.name}".`);
    }
    return { start, end: last + 1 };
  }
}

/** What the callback throws is an uncaught error, as of any event. */
function settle<T>(promise: Promise<T>, callback: Callback<T>): void {
  promise.then(
    (value) => queueMicrotask(() => callback(null, value)),
    (error: Error) => queueMicrotask(() => callback(error)),
  );
}
