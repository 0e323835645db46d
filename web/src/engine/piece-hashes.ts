// Reads a run of pieces and hashes each. It knows nothing of torrents, and runs in the engine's worker as in a hasher.

const HASH_BYTES = 20;

/** The SHA-1 of each piece of `blob`, one after the other. Rejects when it can't be read any more. */
export async function pieceHashes(blob: Blob, pieceLength: number): Promise<ArrayBuffer> {
  // One read for all: in Chromium each read costs its processes about as much as hashing a piece does.
  const data = await blob.arrayBuffer();
  const digests: Promise<ArrayBuffer>[] = [];
  for (let at = 0; at < data.byteLength; at += pieceLength) {
    const piece = new Uint8Array(data, at, Math.min(pieceLength, data.byteLength - at));
    digests.push(crypto.subtle.digest('SHA-1', piece));
  }
  const hashes = new Uint8Array(digests.length * HASH_BYTES);
  (await Promise.all(digests)).forEach((digest, index) => hashes.set(new Uint8Array(digest), index * HASH_BYTES));
  return hashes.buffer;
}
