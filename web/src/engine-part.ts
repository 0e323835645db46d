// Parts of the library that most pages never need: modules that lie beside the engine, each loaded when it is first asked for.

import { engineURL } from './engine-host';
import { TorrentideError } from './errors';

const parts = new Map<string, Promise<unknown>>();

/** What the module `<name>.mjs` exports. Rejects with ERR_ENGINE_LOAD; the next call tries again. */
export async function enginePart<T>(name: string): Promise<T> {
  const url = new URL(`${name}.mjs`, engineURL()).href;
  const loading = parts.get(name) ?? import(/* @vite-ignore */ /* webpackIgnore: true */ url);
  parts.set(name, loading);
  try {
    return (await loading) as T;
  } catch (error) {
    parts.delete(name);
    const message =
      `A part of the library did not load from ${url} (${String(error)}). Check that the file is there, that its server sends ` +
      "Access-Control-Allow-Origin, and that the page's Content-Security-Policy allows it in script-src.";
    throw new TorrentideError('ERR_ENGINE_LOAD', message);
  }
}
