// The open data channels, named by their link numbers. Hands what they say to Python, and lends Python a buffer to send from.

import type { RelayToEngine, RelayToPage } from '../protocol';

/** Told of the channels' events; set by py/torrentide/browser/channels.py. */
interface Handlers {
  onOpen(link: number): void;
  onData(link: number, data: ArrayBuffer): void;
  onLow(link: number): void;
  onClose(link: number, reason: string): void;
}

/** Chromium loses four fifths of its throughput when it may refill only below smaller marks. */
const LOW_WATER = 256 * 1024;

/** What is asked of a channel, be it transferred here or relayed by the page. */
interface Channel {
  /** Sends, and gives the bytes that wait unsent. */
  send(data: Uint8Array<ArrayBuffer>): number;
  unsent(): number;
  lowWater(count: number): void;
  close(): void;
}

export class Channels {
  handlers: Handlers | null = null;
  private readonly channels = new Map<number, Channel>();
  private buffer = new ArrayBuffer(256 * 1024);

  /** The first `size` bytes of the buffer that `send` sends from. */
  room(size: number): Uint8Array<ArrayBuffer> {
    if (size > this.buffer.byteLength) this.buffer = new ArrayBuffer(size);
    return new Uint8Array(this.buffer, 0, size);
  }

  /**
   * Sends what was put into the buffer; gives the bytes that wait unsent. A closed channel takes all and sends nothing. One that
   * refuses is closed, for its stream of bytes has a gap, and Python is told behind its call.
   */
  send(link: number, size: number): number {
    const channel = this.channels.get(link);
    if (!channel) return 0;
    try {
      return channel.send(new Uint8Array(this.buffer, 0, size));
    } catch (error) {
      const reason = `the browser refused to send: ${error instanceof Error ? error.message : String(error)}`;
      this.channels.set(link, { ...channel, send: () => 0 });
      channel.close();
      queueMicrotask(() => this.lost(link, reason));
      return 0;
    }
  }

  /** The bytes that wait unsent. */
  unsent(link: number): number {
    return this.channels.get(link)?.unsent() ?? 0;
  }

  /** Sets how few bytes wait unsent when `onLow` is told. */
  lowWater(link: number, count: number): void {
    this.channels.get(link)?.lowWater(count);
  }

  close(link: number): void {
    const channel = this.channels.get(link);
    this.channels.delete(link);
    channel?.close();
  }

  /** Takes a data channel that was transferred here. */
  adopt(link: number, channel: RTCDataChannel): void {
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = LOW_WATER;
    this.channels.set(link, {
      send: (data) => {
        channel.send(data);
        return channel.bufferedAmount;
      },
      unsent: () => channel.bufferedAmount,
      lowWater: (count) => {
        channel.bufferedAmountLowThreshold = count;
      },
      close: () => channel.close(),
    });
    channel.onbufferedamountlow = () => this.told(link)?.onLow(link);
    channel.onclose = () => this.lost(link, 'the other side closed the connection');
    // Behind a transfer, Chromium gives messages before it says that the channel is open, and refuses to send until then;
    // Firefox may say so twice.
    const early: (ArrayBuffer | string)[] = [];
    channel.onmessage = ({ data }) => early.push(data);
    const opened = (): void => {
      channel.onopen = null;
      channel.onmessage = ({ data }) => this.receive(link, data);
      this.told(link)?.onOpen(link);
      for (const data of early) this.receive(link, data);
    };
    if (channel.readyState === 'open') opened();
    else channel.onopen = opened;
  }

  /** Takes a channel that the page must keep and relays by `port`. */
  relay(link: number, port: MessagePort): void {
    let sent = 0;
    let arrived = 0;
    const tell = (message: RelayToPage, transfer: Transferable[] = []): void => port.postMessage(message, transfer);
    this.channels.set(link, {
      send: (data) => {
        const copy = data.slice().buffer;
        sent += copy.byteLength;
        tell({ type: 'data', data: copy }, [copy]);
        return sent - arrived;
      },
      unsent: () => sent - arrived,
      // The page tells of each message that has gone out.
      lowWater: () => {},
      close: () => tell({ type: 'close' }),
    });
    port.onmessage = ({ data: message }: MessageEvent<RelayToEngine>) => {
      if (message.type === 'open') this.told(link)?.onOpen(link);
      else if (message.type === 'data') this.receive(link, message.data);
      else if (message.type === 'close') this.lost(link, 'the other side closed the connection');
      else {
        arrived = message.sent;
        this.told(link)?.onLow(link);
      }
    };
  }

  private receive(link: number, data: ArrayBuffer | string): void {
    if (typeof data !== 'string') return this.told(link)?.onData(link, data);
    // BitTorrent is bytes: text can't be anything honest.
    this.channels.get(link)?.close();
    this.lost(link, 'the peer sent text');
  }

  private lost(link: number, reason: string): void {
    const handlers = this.told(link);
    this.channels.delete(link);
    handlers?.onClose(link, reason);
  }

  /** Who is told of a link's events: nobody once it is closed. */
  private told(link: number): Handlers | null {
    return this.channels.has(link) ? this.handlers : null;
  }
}
