// Files by URL: what the tests of the service worker ask of a page, besides helpers.js.

/** Registers the worker and waits until this page's requests reach it. */
async function serve(client_) {
  const controller = await navigator.serviceWorker.register('/torrentide-sw.js');
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
  }
  return client_.createServer({ controller });
}

/** Seeds files given as [path, size, number] without a tracker, and serves them; gives the info-hash, and a URL and SHA-256 of each. */
async function seedAndServe(files) {
  window.owner = client([]);
  await serve(owner);
  const inputs = files.map(([path, size, number]) => {
    const file = new File([bytes(size, number)], path.split('/').at(-1));
    if (path.includes('/')) Object.defineProperty(file, 'fullPath', { value: `/${path}` });
    return file;
  });
  window.torrent = watch(owner.seed(inputs, { announce: [] }));
  await event(torrent, 'seed');
  return {
    infoHash: torrent.infoHash,
    urls: Object.fromEntries(torrent.files.map((file) => [file.name, file.streamURL])),
    sums: Object.fromEntries(await Promise.all(inputs.map(async (file) => [file.name, await sha256(file)]))),
  };
}

/** The answer to a request: status, headers, length and SHA-256 of what came. */
async function request(url, init = {}) {
  const response = await fetch(url, init);
  const body = await response.blob();
  return { status: response.status, headers: Object.fromEntries(response.headers), length: body.size, sum: await sha256(body) };
}

/** Makes requests for [url, first byte, last byte, what is expected] and gives those whose answer is wrong. */
async function wrongAnswers(wanted) {
  const wrong = [];
  for (const [url, start, end, size, number] of wanted) {
    const response = await fetch(url, { headers: { Range: `bytes=${start}-${end}` } });
    const came = new Uint8Array(await response.arrayBuffer());
    const right = bytes(size, number).subarray(start, end + 1);
    const same = response.status === 206 && came.length === right.length && came.every((byte, at) => byte === right[at]);
    if (!same) wrong.push([url, start, end, response.status, came.length]);
  }
  return wrong;
}
