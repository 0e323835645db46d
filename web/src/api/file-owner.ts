// What a file asks of its torrent: bytes, which come from the engine, and pieces to be wanted or not. It is what FileEntry knows of
// both.

import type { FileServer } from '../sw/server';
import type { FileEntry, FileOwner } from './file';
import type { Line } from './line';
import { ByteReader } from './reading';

/** The torrent, as far as its files concern it. */
export interface FilesOwner {
  readonly pieceLength: number;
  readonly infoHash: string | undefined;
  files(): readonly FileEntry[];
  server(): FileServer | null;
  select(from: number, to: number, priority: number | boolean | undefined): void;
  deselect(from: number, to: number): void;
}

/** For file number `index`. */
export function fileOwner(torrent: FilesOwner, line: Line, index: number): FileOwner {
  return {
    pieceLength: torrent.pieceLength,
    infoHash: torrent.infoHash,
    get server() {
      return torrent.server();
    },
    select: (from, to, priority) => torrent.select(from, to, priority),
    deselect: ({ _startPiece: from, _endPiece: to }) => {
      const shared = (piece: number): boolean => wantedBeside(torrent.files(), index, piece);
      if (from === to && shared(from)) return;
      torrent.deselect(shared(from) ? from + 1 : from, shared(to) ? to - 1 : to);
    },
    read: async (start, end, signal) => (await line.ask({ type: 'blob', file: index, start, end }, signal)) as Blob,
    reader: (start, end, pace) => {
      const reader = line.newNumber();
      return new ByteReader(start, end, {
        pull: async (at, signal) => {
          const question = { type: 'pull', reader, file: index, start: at, end, ...pace() } as const;
          return (await line.ask(question, signal)) as Uint8Array<ArrayBuffer> | null;
        },
        close: () => line.tell({ type: 'unread', reader }),
      });
    },
  };
}

/** Whether a file next to that one has bytes in `piece` and is wanted. */
function wantedBeside(files: readonly FileEntry[], index: number, piece: number): boolean {
  for (const step of [-1, 1]) {
    for (let at = index + step; ; at += step) {
      const file = files[at];
      if (!file || (file.length && !file.includes(piece))) break;
      if (file.length && file.selected) return true;
    }
  }
  return false;
}
