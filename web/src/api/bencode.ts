// Reads bencoding that the engine has checked already, for those who look into `torrent.info` or a handshake, and writes it for
// extensions of a page.

import { TorrentideError } from '../errors';

export type Bencoded = number | Uint8Array | Bencoded[] | { [key: string]: Bencoded };

export type Bencodable =
  | number
  | boolean
  | string
  | ArrayBufferView
  | readonly Bencodable[]
  | { readonly [key: string]: Bencodable | null | undefined };

/** The engine reads no deeper. */
const MAX_DEPTH = 100;

const [COLON, DICT, END, INT, LIST] = [...':deil'].map((char) => char.charCodeAt(0));
const text = new TextDecoder();

export function decode(bytes: Uint8Array): Bencoded {
  let at = 0;
  return value();

  function value(): Bencoded {
    switch (bytes[at]) {
      case INT:
        at++;
        return number(END);
      case LIST: {
        const list: Bencoded[] = [];
        for (at++; bytes[at] !== END; ) list.push(value());
        at++;
        return list;
      }
      case DICT: {
        // A key may be named like something that every object has.
        const dict = Object.create(null) as { [key: string]: Bencoded };
        for (at++; bytes[at] !== END; ) dict[text.decode(string())] = value();
        at++;
        return dict;
      }
      default:
        return string();
    }
  }

  function number(end: number | undefined): number {
    const stop = bytes.indexOf(end ?? 0, at);
    const found = Number(text.decode(bytes.subarray(at, stop)));
    at = stop + 1;
    return found;
  }

  function string(): Uint8Array {
    const length = number(COLON);
    at += length;
    return bytes.subarray(at - length, at);
  }
}

/**
 * Bencodes as the module of that name does: numbers are cut to whole ones, true is 1, keys whose value is null or undefined are
 * left out. Throws ERR_INVALID_ARGUMENT for what has no form.
 */
export function encode(value: Bencodable): Uint8Array<ArrayBuffer> {
  const parts: (string | ArrayBufferView)[] = [];
  const encoder = new TextEncoder();
  write(value, 0);
  const chunks = parts.map((part) => (typeof part === 'string' ? encoder.encode(part) : part));
  const joined = new Uint8Array(chunks.reduce((total, { byteLength }) => total + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of chunks) {
    joined.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return joined;

  function write(each: unknown, depth: number): void {
    if (depth > MAX_DEPTH) throw unencodable('what is nested that deep');
    if (typeof each === 'boolean' || typeof each === 'number') return void parts.push(`i${whole(each)}e`);
    if (typeof each === 'string') return string(encoder.encode(each));
    if (ArrayBuffer.isView(each)) return string(each);
    if (Array.isArray(each)) {
      parts.push('l');
      for (const item of each) write(item, depth + 1);
    } else if (typeof each === 'object' && each !== null) {
      parts.push('d');
      for (const [key, item] of byBytes(each)) {
        string(key);
        write(item, depth + 1);
      }
    } else throw unencodable(typeof each);
    parts.push('e');
  }

  function string(bytes: ArrayBufferView): void {
    parts.push(`${bytes.byteLength}:`, bytes);
  }

  /** BEP 3: keys come in the order of their bytes. */
  function byBytes(dict: object): [Uint8Array, unknown][] {
    const entries = Object.entries(dict).filter(([, item]) => item !== null && item !== undefined);
    const coded = entries.map(([key, item]): [Uint8Array, unknown] => [encoder.encode(key), item]);
    return coded.sort(([a], [b]) => compare(a, b));
  }
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at < 0 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? -1);
}

function whole(value: number | boolean): string {
  const cut = Math.trunc(Number(value));
  if (!Number.isSafeInteger(cut)) throw unencodable(String(value));
  // -0 is written as 0.
  return String(cut + 0);
}

function unencodable(what: string): TorrentideError {
  return new TorrentideError('ERR_INVALID_ARGUMENT', `A message can hold numbers, strings, bytes, arrays and objects, but not ${what}.`);
}
