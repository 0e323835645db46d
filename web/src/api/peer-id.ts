// The ids that a client has from its first moment on.

import { TorrentideError } from '../errors';

const CHARS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const RANDOM_CHARS = 12;
const ID_LENGTH = 20;

/** `-TD0100-` and twelve random letters and digits, as torrentide/engine/session.py makes it. */
export function newPeerId(): Uint8Array {
  const random = Array.from({ length: RANDOM_CHARS }, () => CHARS[Math.floor(Math.random() * CHARS.length)]);
  return new TextEncoder().encode(`-TD${__VERSION__.replaceAll('.', '')}0-${random.join('')}`);
}

export function randomId(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(ID_LENGTH));
}

/** 40 hex digits or 20 bytes, as bytes. Throws ERR_INVALID_OPTION. */
export function idBytes(name: string, id: string | Uint8Array): Uint8Array {
  const bytes = typeof id === 'string' ? fromHex(id) : new Uint8Array(id);
  if (bytes.length === ID_LENGTH) return bytes;
  throw new TorrentideError('ERR_INVALID_OPTION', `${name} must be 40 hex digits or 20 bytes.`);
}

/** Empty for what is not hex. */
export function fromHex(hex: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/i.test(hex)) return new Uint8Array();
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
