// Reads pieces of the files that are being seeded, each with the SHA-1 of what was read. Whether it is what it was,
// py/torrentide/browser/originals.py decides.

/** Told of each piece; set by Python. */
type OnPiece = (job: number, data: ArrayBuffer, digest: ArrayBuffer) => void;
/** Told of a piece that can't be read, and why; set by Python. */
type OnLost = (job: number, reason: string) => void;

export class Originals {
  onPiece: OnPiece | null = null;
  onLost: OnLost | null = null;

  read(job: number, blob: Blob): void {
    void digested(blob).then(
      ([data, digest]) => this.onPiece?.(job, data, digest),
      (error: unknown) => this.onLost?.(job, String(error)),
    );
  }
}

async function digested(blob: Blob): Promise<[ArrayBuffer, ArrayBuffer]> {
  const data = await blob.arrayBuffer();
  return [data, await crypto.subtle.digest('SHA-1', data)];
}
