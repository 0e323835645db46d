// The packets of one track from a moment on, each with its place in the order of decoding. It knows nothing of containers or buffers.

import { type EncodedPacket, EncodedPacketSink, type InputTrack } from 'mediabunny';
import type { Timed } from './fragments';

/** How far a picture may come before one that is shown earlier; encoders use up to 7 pictures of these. */
const REORDERED = 8;
/** Where the last packet of a track does not say how long it is heard, the ones before it do: so many seconds of them. */
const BEFORE_LAST = 0.2;

export class Packets {
  readonly #sink: EncodedPacketSink;
  readonly #video: boolean;
  /** Seconds that are added to all times: a file may begin before zero, a SourceBuffer may not. */
  readonly #shift: number;
  #last: EncodedPacket | null = null;
  #queue: EncodedPacket[] = [];
  /** The times of what is in the queue, ascending: the n-th in decoding order is decoded when the n-th in time is shown. */
  #times: number[] = [];
  /** When the last picture of all that were given out is shown. */
  #latest = -Infinity;
  /** How long the one before was shown. */
  #duration = 0;
  #ended = false;

  constructor(track: InputTrack, shift: number) {
    this.#sink = new EncodedPacketSink(track);
    this.#video = track.isVideoTrack();
    this.#shift = shift;
  }

  /** Any packet that decoding can begin with; null for a track without one. */
  firstKey(): Promise<EncodedPacket | null> {
    return this.#sink.getFirstKeyPacket();
  }

  /** Goes to where decoding must begin to show `time`; gives when that is shown. */
  async open(time: number): Promise<number> {
    const at = time - this.#shift;
    this.#queue = [];
    this.#times = [];
    this.#latest = -Infinity;
    this.#ended = false;
    // Indices may call a picture a key that is none: a decoder that begins with it shows nothing.
    const before = this.#video ? await this.#sink.getKeyPacket(at, { verifyKeyPackets: true }) : await this.#heard(at);
    const first = before ?? (await this.#sink.getFirstKeyPacket());
    this.#last = first;
    if (first) this.#enqueue(first);
    else this.#ended = true;
    return this.#times[0] ?? time;
  }

  /** Null at the end. */
  async next(): Promise<Timed | null> {
    const ahead = this.#video ? REORDERED : 1;
    while (!this.#ended && this.#queue.length <= ahead) {
      const packet: EncodedPacket | null = this.#last && (await this.#sink.getNextPacket(this.#last));
      this.#last = packet;
      if (packet) this.#enqueue(packet);
      else this.#ended = true;
    }
    const packet = this.#queue.shift();
    if (!packet) return null;
    const decodeTime = this.#times.shift() ?? packet.timestamp;
    // Browsers drop what is shown for no time, and with it the end.
    const duration = (this.#times[0] ?? decodeTime + (packet.duration || this.#duration)) - decodeTime;
    this.#duration = duration;
    this.#latest = Math.max(this.#latest, packet.timestamp);
    return { packet, decodeTime, duration, whole: (this.#times[0] ?? Infinity) > this.#latest, beforeKey: this.#video && this.#queue[0]?.type === 'key' };
  }

  async #heard(at: number): Promise<EncodedPacket | null> {
    const packet = await this.#sink.getPacket(at);
    if (!packet || packet.duration > 0) return packet;
    return (await this.#sink.getPacket(packet.timestamp - BEFORE_LAST)) ?? packet;
  }

  #enqueue(packet: EncodedPacket): void {
    const timestamp = packet.timestamp + this.#shift;
    // What an encoder puts before the first sound is not to be heard.
    if (!this.#video && timestamp < 0) return;
    this.#queue.push(packet.clone({ timestamp }));
    let at = this.#times.length;
    while (at > 0 && (this.#times[at - 1] ?? 0) > timestamp) at--;
    this.#times.splice(at, 0, timestamp);
  }
}
