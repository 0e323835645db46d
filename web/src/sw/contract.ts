// What the service worker and the pages say to each other, as WebTorrent's do: either side works with the other's. It owns the
// shapes and the names of paths alone.
//
// The worker posts a FetchRequest with a port to the windows of its origin. A page answers on the port with an Answer; one of 404
// means that it does not have the file. Before it may post true, where the worker knows that: the answer will come. If the body is
// 'STREAM', the worker then posts true for each chunk that it has room for, and the page answers one Uint8Array, a falsy value at the
// end, or a Failure; false ends it.

export interface FetchRequest {
  type: 'webtorrent';
  url: string;
  method: string;
  headers: Record<string, string>;
  /** The scope that the worker was registered for: an absolute URL. */
  scope: string;
  /** What the browser wants it for, as `Request.destination`. */
  destination: string;
  /** The worker knows what true means; WebTorrent's does not. */
  waits?: true;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: 'STREAM' | string | null;
}

/** The file can't be read any further. */
export interface Failure {
  error: string;
}

/** The folder, below the scope, in which the files of torrents are: `<folder><info-hash>/<path>`. */
export const FOLDER = 'webtorrent/';
/** Below the folder. What is being saved, each under an address that is good once. */
export const SAVED = 'saved/';
/** Below the folder. What WebTorrent's pages fetch from time to time, so that the worker is not stopped amid a stream. */
export const KEEP_ALIVE = 'keepalive/';
