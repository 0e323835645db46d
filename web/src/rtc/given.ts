// Peers that a page has connected to by itself: a data channel, or an object like simple-peer's. It joins them to the engine, and
// never looks into what they say.

import type { RelayToEngine, RelayToPage } from '../protocol';
import { relay } from './relay';

/** What is asked of an object like simple-peer's: a stream of Node's or streamx's over one data channel. */
export interface PeerStream {
  readonly connected?: boolean;
  on(event: string, listener: (argument?: unknown) => void): unknown;
  once(event: string, listener: (argument?: unknown) => void): unknown;
  /** False when it has enough for now, until its `drain` event. */
  write(data: Uint8Array): unknown;
  destroy(): unknown;
}

export type GivenPeer = RTCDataChannel | PeerStream;

/** Where a peer is to be joined: the channel itself, or a port to it. */
export type Joined = { channel: RTCDataChannel } | { port: MessagePort };

export function isGivenPeer(peer: unknown): peer is GivenPeer {
  if (typeof peer !== 'object' || peer === null) return false;
  if (peer instanceof RTCDataChannel) return true;
  const asked = ['on', 'once', 'write', 'destroy'];
  return asked.every((name) => typeof (peer as Record<string, unknown>)[name] === 'function');
}

/** Whether it has ended. */
export function isOver(peer: GivenPeer): boolean {
  if (peer instanceof RTCDataChannel) return peer.readyState === 'closing' || peer.readyState === 'closed';
  return (peer as { destroyed?: unknown }).destroyed === true;
}

/** Joins a peer by `send`, which posts its argument. The channel is transferred if it still can be: in the task that made it. */
export function join(peer: GivenPeer, send: (joined: Joined, transfer: Transferable[]) => void): void {
  if (peer instanceof RTCDataChannel) {
    try {
      return send({ channel: peer }, [peer]);
    } catch {
      const port = relay(peer);
      return send({ port }, [port]);
    }
  }
  const port = relayStream(peer);
  send({ port }, [port]);
}

/** As `relay`, for a stream. */
function relayStream(peer: PeerStream): MessagePort {
  const { port1: port, port2: far } = new MessageChannel();
  let sent = 0;
  let over = false;
  const tell = (message: RelayToEngine, transfer: Transferable[] = []): void => {
    if (!over) port.postMessage(message, transfer);
  };
  const low = (): void => tell({ type: 'low', sent });
  const end = (): void => {
    tell({ type: 'close' });
    over = true;
    port.close();
  };

  // simple-peer says that it is connected a while behind the first bytes from the other side; the stream keeps them till then.
  const begin = (): void => {
    tell({ type: 'open' });
    peer.on('data', (data) => {
      const message = toMessage(data);
      tell({ type: 'data', data: message }, typeof message === 'string' ? [] : [message]);
    });
  };
  if (peer.connected) begin();
  else peer.once('connect', begin);
  // Without a listener its errors would be uncaught; `close` follows.
  peer.on('error', () => {});
  for (const event of ['end', 'close']) peer.on(event, end);
  port.onmessage = ({ data: message }: MessageEvent<RelayToPage>) => {
    if (message.type === 'close') {
      end();
      return void peer.destroy();
    }
    if (over) return;
    sent += message.data.byteLength;
    if (peer.write(new Uint8Array(message.data)) === false) peer.once('drain', low);
    else low();
  };
  return far;
}

/** Others may hold what a stream gave, so it is copied before its buffer is transferred. */
function toMessage(data: unknown): ArrayBuffer | string {
  if (ArrayBuffer.isView(data)) return Uint8Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).buffer;
  return data instanceof ArrayBuffer ? data.slice(0) : String(data);
}
