// The engine worker: starts Pyodide with our bundle and joins the Python engine to the page, to data channels and to sockets.
// It takes no decision; py/torrentide/browser/ does. Messages that come before Python is up wait.

import type { FromEngine, Phase, ToEngine } from '../protocol';
import { Channels } from './channels';
import { Digests } from './digests';
import { Fetches } from './fetch';
import { Files } from './files';
import { Hashers } from './hashers';
import { Originals } from './originals';
import { Sockets } from './sockets';
import { Tabs } from './tabs';

/** What py/torrentide/browser/main.py sets when it starts. */
interface Engine {
  onMessage(message: ToEngine): void;
  onTimer(): void;
}

/** What Python sees of this worker; its Python side is py/torrentide/browser/shim.py. */
class Shim {
  readonly channels = new Channels();
  readonly sockets = new Sockets();
  readonly digests = new Digests();
  readonly fetches = new Fetches();
  readonly files = new Files();
  readonly hashers = new Hashers((message, transfer) => this.post(message, transfer));
  readonly originals = new Originals();
  readonly tabs = new Tabs();
  engine: Engine | null = null;
  private timer = 0;

  post(message: FromEngine, transfer: Transferable[] = []): void {
    postMessage(message, transfer);
  }

  /** Calls onTimer once, after so many milliseconds; a later call replaces an earlier one. */
  wake(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.engine?.onTimer(), delay);
  }
}

/** The smallest module there is. A Content-Security-Policy without 'wasm-unsafe-eval' refuses it; Pyodide would wait for ever. */
const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

/** The bundle needs no packages; naming that saves Pyodide a request. */
const LOCK = {
  info: { abi_version: '2026_0', arch: 'wasm32', platform: 'emscripten_5_0_3', python: '3.14.2', version: '314.0.7' },
  packages: {},
};

const shim = new Shim();
const early: ToEngine[] = [];
const phase = (name: Phase): void => shim.post({ type: 'phase', phase: name });

onmessage = ({ data }: MessageEvent<ToEngine>) => {
  if (shim.engine) shim.engine.onMessage(data);
  else early.push(data);
};

const muted = (event: Event): void => event.preventDefault();

async function start(): Promise<void> {
  phase('worker');
  try {
    new WebAssembly.Module(EMPTY_MODULE);
  } catch (error) {
    return shim.post({
      type: 'fatal',
      code: 'ERR_NO_WASM',
      message:
        'WebAssembly is not available here. If the page has a Content-Security-Policy, its script-src must allow ' +
        `'wasm-unsafe-eval'. (${String(error)})`,
    });
  }
  const base = new URL('./', import.meta.url).href;
  // Where a file of the engine is missing, Pyodide rejects promises of its own beside the one that is reported below.
  addEventListener('unhandledrejection', muted);
  try {
    const { loadPyodide } = (await import(`${base}pyodide.mjs`)) as typeof import('pyodide');
    phase('python');
    const pyodide = await loadPyodide({
      indexURL: base,
      stdLibURL: `${base}python.zip`,
      lockFileContents: LOCK as never,
    });
    phase('engine');
    pyodide.pyimport('torrentide.browser.main').start(shim);
  } catch (error) {
    return shim.post({ type: 'fatal', code: 'ERR_ENGINE_LOAD', message: `The engine did not start: ${String(error)}` });
  }
  removeEventListener('unhandledrejection', muted);
  phase('ready');
  for (const message of early.splice(0)) shim.engine?.onMessage(message);
}

void start();
