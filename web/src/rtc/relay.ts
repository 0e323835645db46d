// Joins a data channel to a MessagePort, for browsers that can't transfer the channel itself. The other end of the port is a
// channel look-alike in the engine worker. It never looks into the data.

import type { RelayToEngine, RelayToPage } from '../protocol';

/** Below this the engine may send again. Smaller ones cost Chromium most of its throughput. */
const LOW_WATER = 256 * 1024;

/** Relays a channel, from the task that made it until either side closes. Gives the port to send to the engine. */
export function relay(channel: RTCDataChannel): MessagePort {
  const { port1: port, port2: far } = new MessageChannel();
  let sent = 0;
  const tell = (message: RelayToEngine, transfer: Transferable[] = []): void => port.postMessage(message, transfer);
  const low = (): void => tell({ type: 'low', sent });

  channel.binaryType = 'arraybuffer';
  channel.bufferedAmountLowThreshold = LOW_WATER;
  if (channel.readyState === 'open') tell({ type: 'open' });
  else channel.onopen = () => tell({ type: 'open' });
  channel.onbufferedamountlow = low;
  channel.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) =>
    tell({ type: 'data', data }, typeof data === 'string' ? [] : [data]);
  channel.onclose = () => {
    tell({ type: 'close' });
    port.close();
  };
  port.onmessage = ({ data: message }: MessageEvent<RelayToPage>) => {
    if (message.type === 'close') return channel.close();
    if (channel.readyState !== 'open') return;
    try {
      channel.send(message.data);
    } catch {
      // A stream of bytes with a gap is of no use: its close event tells the engine.
      return channel.close();
    }
    sent += message.data.byteLength;
    if (channel.bufferedAmount <= LOW_WATER) low();
  };
  return far;
}
