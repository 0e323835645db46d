// Makes WebRTC connections for a worker that has an engine of its own: Python in JupyterLite or PyScript, which has no
// RTCPeerConnection there. The other side is py/torrentide/browser/inpage/lent.py. It never looks into what the worker says else.

import type { FromEngine } from '../protocol';
import { type LinkMessage, Links } from './links';

/** The worker asks for a port when its Python starts, and again when it hears of us. */
const ASK = 'torrentide-ask';
const OFFER = 'torrentide-offer';
const PORT = 'torrentide-port';

/** Serves `worker` for as long as it lives. Call it as soon as the worker exists, or later. */
export function connectWorker(worker: Worker): void {
  let links: Links | null = null;
  worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (typeof data !== 'object' || data === null || (data as { type?: unknown }).type !== ASK) return;
    // An engine that asks anew has forgotten its links.
    links?.closeAll('the engine asked anew');
    const { port1: port, port2: far } = new MessageChannel();
    const asked = (links = new Links((message, transfer) => port.postMessage(message, transfer ?? [])));
    port.onmessage = ({ data: message }: MessageEvent<FromEngine>) => asked.handle(message as LinkMessage);
    worker.postMessage({ type: PORT, port: far }, [far]);
  });
  addEventListener('pagehide', () => links?.closeAll('the page was left'));
  worker.postMessage({ type: OFFER });
}
