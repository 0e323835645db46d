// Reading files of a torrent while they come, over the API that WebTorrent has, too.

/** Downloads and reads; once `begun` bytes are here, goes on to read at each of `places` (0 to 1) what is not: milliseconds to its first
 * bytes, and whether they are those of the file made of `number`. */
async function seeks(tracker, id, size, number, begun, places, library = window.Torrentide) {
  const torrent = watch(client(tracker, library).add(id));
  window.torrent = torrent;
  await new Promise((resolve) => torrent.on('metadata', resolve));
  let reader = torrent.files[0].stream().getReader();
  await reader.read();
  await new Promise((resolve) => torrent.on('download', () => torrent.downloaded >= begun && resolve()));
  const all = bytes(size, number);
  const found = [];
  for (const place of places) {
    let piece = Math.floor(place * torrent.pieces.length);
    while (torrent.bitfield.get(piece)) piece += 1;
    const start = piece * torrent.pieceLength + 1000;
    const began = performance.now();
    await reader.cancel();
    reader = torrent.files[0].stream({ start }).getReader();
    const { value } = await reader.read();
    const waited = performance.now() - began;
    found.push({ waited, right: value.every((byte, index) => byte === all[start + index]), length: value.length });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await reader.cancel();
  return { found, left: torrent.length - torrent.downloaded };
}
