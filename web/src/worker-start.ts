// Makes a module worker from a URL of any origin. It knows nothing of what runs in it, but that it reports trouble as `fatal`.

import type { FromEngine } from './protocol';

/** Throws what the browser throws when it refuses; a load that fails later comes as the worker's `error` or as a `fatal` message. */
export function startWorker(url: URL): Worker {
  const options: WorkerOptions = { type: 'module', name: 'torrentide' };
  if (url.origin === location.origin) return new Worker(url, options);
  const start = URL.createObjectURL(new Blob([importer(url)], { type: 'text/javascript' }));
  const worker = new Worker(start, options);
  worker.addEventListener('message', () => URL.revokeObjectURL(start), { once: true });
  return worker;
}

/** A worker may not be of another origin, but what it imports may. A static import would fall under worker-src: blocked. */
function importer(url: URL): string {
  const message =
    `The engine worker did not load from ${url.href}. Check that the file is there, that its server sends ` +
    "Access-Control-Allow-Origin, and that the page's Content-Security-Policy allows that origin in script-src. ";
  const fatal: FromEngine = { type: 'fatal', code: 'ERR_ENGINE_LOAD', message };
  return `import(${JSON.stringify(url.href)}).catch((error) => {
    const fatal = ${JSON.stringify(fatal)};
    postMessage({ ...fatal, message: fatal.message + error });
  });`;
}
