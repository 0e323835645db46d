// Hands data to the browser's downloads: where a page may write no files, this is how it reaches the person's disk. It knows no
// torrents.

import { Parts } from './collect';

/** The browser takes hold of the data when the download begins; a minute is ample for it to ask where to. */
const KEPT_MS = 60_000;

export function download(blob: Blob, name: string): void {
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), KEPT_MS);
}

/** Gathers what is written in a Blob, which the browser may keep on disk, and hands it over at the end. */
export function downloadSink(name: string, type: string): WritableStream<Uint8Array> {
  const parts = new Parts();
  return new WritableStream<Uint8Array>({
    write: (chunk) => parts.add(chunk),
    close: () => download(parts.join(type), name),
  });
}
