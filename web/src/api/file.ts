// One file of a torrent: mirrored facts, and its data as Blob, bytes or stream. It reads through a function that its torrent
// gives it, and knows neither the engine nor pieces.

import mime from 'mime/lite';
import type { FileInfo } from '../protocol';
import { EventEmitter } from './events';

export interface ByteRange {
  /** First byte. */
  start?: number;
  /** Last byte, inclusive; one past the end of the file means its last byte. */
  end?: number;
}

export interface FileEvents {
  done: [];
}

/** Gives bytes `start` to `end` (exclusive) of the file, once they are all there. */
type Read = (start: number, end: number) => Promise<Blob>;

/** Bytes that a stream asks for at a time: several pieces, so that a slow torrent still flows. */
const STREAM_CHUNK = 1024 * 1024;

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
  done: boolean;
  /** Verified bytes. */
  downloaded = 0;
  readonly #read: Read;

  /** @internal */
  constructor(info: FileInfo, read: Read) {
    super();
    this.name = info.name;
    this.path = info.path;
    this.length = info.length;
    this.size = info.length;
    this.offset = info.offset;
    this.type = mime.getType(info.name) ?? 'application/octet-stream';
    this.done = info.length === 0;
    this.#read = read;
  }

  /** 0 to 1; 0 for an empty file, as in WebTorrent. */
  get progress(): number {
    return this.length ? this.downloaded / this.length : 0;
  }

  /** Waits until the bytes are there. Rejects with ERR_CLOSED if the torrent is destroyed, RangeError for a bad range. */
  async blob(range?: ByteRange): Promise<Blob> {
    const { start, end } = this.#bounds(range);
    const data = start < end ? await this.#read(start, end) : new Blob();
    return data.slice(0, data.size, this.type);
  }

  /** As `blob`. */
  async arrayBuffer(range?: ByteRange): Promise<ArrayBuffer> {
    return (await this.blob(range)).arrayBuffer();
  }

  /** The bytes in order, as they come. Errors as `blob` rejects; a bad range throws. */
  stream(range?: ByteRange): ReadableStream<Uint8Array> {
    const { start, end } = this.#bounds(range);
    let at = start;
    return new ReadableStream({
      pull: async (controller) => {
        if (at >= end) return controller.close();
        const next = Math.min(at + STREAM_CHUNK, end);
        const blob = await this.#read(at, next);
        controller.enqueue(new Uint8Array(await blob.arrayBuffer()));
        at = next;
      },
    });
  }

  #bounds({ start = 0, end = this.length - 1 }: ByteRange = {}): { start: number; end: number } {
    const whole = Number.isInteger(start) && Number.isInteger(end);
    const last = Math.min(end, this.length - 1);
    if (!whole || start < 0 || start > last + 1) {
      throw new RangeError(`No such bytes: ${start} to ${end} of the ${this.length} bytes of "${this.name}".`);
    }
    return { start, end: last + 1 };
  }
}
