// Hands data to the browser's downloads: where a page may write no files, this is how it reaches the person's disk. It knows no
// torrents.

import { streamedDownload } from '../sw/downloads';
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

/** Where what is written becomes a download of `length` bytes: as it comes, where there is a service worker of ours. */
export async function downloadSink(name: string, type: string, length: number | bigint): Promise<WritableStream<Uint8Array>> {
  return (await streamedDownload(name, length)) ?? gatheredDownload(name, type);
}

/** Gathers what is written in a Blob, which the browser may keep on disk, and hands it over at the end. */
function gatheredDownload(name: string, type: string): WritableStream<Uint8Array> {
  const parts = new Parts();
  return new WritableStream<Uint8Array>({
    write: (chunk) => parts.add(chunk),
    close: () => download(parts.join(type), name),
  });
}
