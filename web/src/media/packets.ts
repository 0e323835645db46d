// The packets of one track from a moment on, each with its place in the order of decoding. It knows nothing of containers or buffers.

import { type EncodedPacket, EncodedPacketSink, type InputTrack } from 'mediabunny';
import type { Timed } from './fragments';

/** How far a picture may come before one that is shown earlier; encoders use up to 7 pictures of these. */
const REORDERED = 8;

interface Known {
  packet: EncodedPacket;
  /** The one in front of it in the file; null for the first. */
  before: EncodedPacket | null;
}

export class Packets {
  readonly #sink: EncodedPacketSink;
  /** Whether they are pictures. */
  readonly areVideo: boolean;
  /** Seconds that are added to all times: a file may begin before zero, a SourceBuffer may not. */
  readonly #shift: number;
  #last: EncodedPacket | null = null;
  /** What comes next. But for the first, packets are known without their data, which may not be here for a while. */
  #queue: Known[] = [];
  /** The times of what is in the queue, ascending: the n-th in decoding order is decoded when the n-th in time is shown. */
  #times: number[] = [];
  /** When the last picture of all that were given out is shown. */
  #latest = -Infinity;
  #ended = false;

  constructor(track: InputTrack, shift: number) {
    this.#sink = new EncodedPacketSink(track);
    this.areVideo = track.isVideoTrack();
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
    const before = this.areVideo ? await this.#sink.getKeyPacket(at, { verifyKeyPackets: true }) : await this.#sink.getPacket(at);
    const first = before ?? (await this.#sink.getFirstKeyPacket());
    this.#last = first;
    if (first) this.#enqueue(first, null);
    else this.#ended = true;
    return this.#times[0] ?? time;
  }

  /** Null at the end. */
  async next(): Promise<Timed | null> {
    const ahead = this.areVideo ? REORDERED : 1;
    while (!this.#ended && this.#queue.length <= ahead) {
      const before = this.#last;
      const packet: EncodedPacket | null = before && (await this.#sink.getNextPacket(before, { metadataOnly: true }));
      this.#last = packet;
      if (packet) this.#enqueue(packet, before);
      else this.#ended = true;
    }
    const known = this.#queue[0];
    const packet = known && (await this.#whole(known));
    if (!packet) {
      // Of a file that is cut off, more is known than is there.
      this.#queue = [];
      this.#ended = true;
      return null;
    }
    this.#queue.shift();
    const decodeTime = this.#times.shift() ?? packet.timestamp;
    const duration = (this.#times[0] ?? decodeTime + packet.duration) - decodeTime;
    this.#latest = Math.max(this.#latest, packet.timestamp);
    return { packet, decodeTime, duration, whole: (this.#times[0] ?? Infinity) > this.#latest, beforeKey: this.areVideo && this.#queue[0]?.packet.type === 'key' };
  }

  /** With its data, and its time in the buffer. */
  async #whole({ packet, before }: Known): Promise<EncodedPacket | null> {
    const whole = before ? await this.#sink.getNextPacket(before) : packet;
    return whole && whole.clone({ timestamp: packet.timestamp + this.#shift });
  }

  #enqueue(packet: EncodedPacket, before: EncodedPacket | null): void {
    const timestamp = packet.timestamp + this.#shift;
    // What an encoder puts before the first sound is not to be heard.
    if (!this.areVideo && timestamp < 0) return;
    this.#queue.push({ packet, before });
    let at = this.#times.length;
    while (at > 0 && (this.#times[at - 1] ?? 0) > timestamp) at--;
    this.#times.splice(at, 0, timestamp);
  }
}
