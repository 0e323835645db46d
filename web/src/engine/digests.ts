// SHA-1 by SubtleCrypto, off this thread. Python lends the bytes by way of a buffer here.

/** Told of each digest; set by py/torrentide/browser/digests.py. */
type OnDigest = (job: number, digest: ArrayBuffer) => void;

export class Digests {
  onDigest: OnDigest | null = null;
  private buffer = new ArrayBuffer(0);

  /** The first `size` bytes of the buffer that `sha1` reads. */
  room(size: number): Uint8Array<ArrayBuffer> {
    if (size > this.buffer.byteLength) this.buffer = new ArrayBuffer(size);
    return new Uint8Array(this.buffer, 0, size);
  }

  /** Digests what was put into the buffer. SubtleCrypto copies it before it returns, so the buffer is free again. */
  sha1(job: number, size: number): void {
    void crypto.subtle
      .digest('SHA-1', new Uint8Array(this.buffer, 0, size))
      .then((digest) => this.onDigest?.(job, digest));
  }
}
