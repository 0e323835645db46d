// What pages of WebTorrent do with it, in the manner of the usage in its README and of instant.io. The library is all that differs.

/** The README's: download, and name the files. */
function readmeDownload(WebTorrent, tracker, magnetURI) {
  const client = new WebTorrent({ tracker: { announce: [tracker], rtcConfig: { iceServers: [] } } });
  return new Promise((resolve) => {
    client.add(magnetURI, (torrent) => {
      for (const file of torrent.files) document.body.append(file.name);
      torrent.on('done', () => resolve([torrent.infoHash, document.body.textContent.includes('usage')]));
    });
  });
}

/** The README's: seed what was dropped or chosen. */
function readmeSeed(WebTorrent, files) {
  const client = new WebTorrent();
  return new Promise((resolve) => client.seed(files, (torrent) => resolve(torrent.infoHash)));
}

/** instant.io's: one client for all; links, progress, each file shown and as a download, and all of them for a zip. */
function instant(WebTorrent, tracker) {
  const shown = [];
  window.WEBTORRENT_ANNOUNCE = [tracker];
  const client = new WebTorrent({ tracker: { rtcConfig: { iceServers: [] } } });
  client.on('warning', (error) => shown.push(['warning', String(error)]));
  client.on('error', (error) => shown.push(['error', String(error)]));

  function onTorrent(torrent, finished) {
    torrent.on('warning', (error) => shown.push(['warning', String(error)]));
    torrent.on('error', (error) => shown.push(['error', String(error)]));
    const state = () => {
      const remaining = torrent.done ? 'Done.' : torrent.timeRemaining !== Infinity ? 'some time' : 'for ever';
      const progress = (100 * torrent.progress).toFixed(1);
      return [torrent.numPeers, progress, client.downloadSpeed, client.uploadSpeed, remaining];
    };
    torrent.on('download', state);
    torrent.on('upload', state);
    const link = document.createElement('a');
    link.href = torrent.magnetURI;
    const urls = [];
    const zip = {};
    const elements = [];
    const all = () => {
      const { length } = torrent.files;
      return elements.length === length && Object.keys(zip).length === length;
    };
    const finish = async () => {
      const saved = (await (await fetch(torrent.torrentFileBlobURL ?? '')).arrayBuffer()).byteLength;
      const first = (await (await fetch(urls[0])).arrayBuffer()).byteLength;
      const [, progress, , , remaining] = state();
      finished({ magnet: link.href, zip, saved: saved > 100, first, progress, remaining, shown, elements: elements.sort() });
    };
    torrent.files.forEach((file) => {
      file.appendTo(document.body, { maxBlobLength: 2_000_000_000 }, (error, element) => {
        if (error) return shown.push(['error', String(error)]);
        elements.push([element.localName, element.parentNode === document.body]);
        if (all()) finish();
      });
      file.getBlobURL((error, url) => {
        if (error) return shown.push(['error', String(error)]);
        urls.push(url);
        file.getBlob((failure, blob) => {
          if (failure) return shown.push(['error', String(failure)]);
          zip[file.path] = blob.size;
          if (all()) finish();
        });
      });
    });
  }

  const wait = (start) => new Promise((resolve) => start((torrent) => onTorrent(torrent, resolve)));
  return {
    seed: (files) => wait((callback) => client.seed(files, callback)),
    add: (id) => wait((callback) => client.add(id, callback)),
  };
}

const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const usageFiles = () => [
  ...['a', 'b'].map((name, at) => new File([name.repeat(100_000 + at)], `usage-${name}.txt`)),
  new File([Uint8Array.from(atob(PICTURE), (character) => character.charCodeAt(0))], 'usage-c.png'),
];
