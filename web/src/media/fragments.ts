// Packets of one track as what a SourceBuffer takes: fragments of MP4 (ISO/IEC 14496-12, section 8.8), or clusters of WebM (RFC 9559).
// Mediabunny makes the head of a file, once; its own fragments end at key frames alone, too late for a first picture or a seek. It
// reads no file and decides nothing about time.

import {
  BufferTarget,
  EncodedAudioPacketSource,
  type EncodedPacket,
  EncodedVideoPacketSource,
  type InputTrack,
  Mp4OutputFormat,
  Output,
  WebMOutputFormat,
} from 'mediabunny';

/** A packet, and its place in the order of decoding, in seconds. */
export interface Timed {
  packet: EncodedPacket;
  decodeTime: number;
  duration: number;
  /** Whether nothing that comes later is shown earlier: a buffer that ends here has no holes. */
  whole: boolean;
  /** Whether a key frame follows: of a picture's group nothing is left. */
  beforeKey: boolean;
}

export interface Packager {
  /** The first bytes of each stream. */
  readonly head: Uint8Array;
  /** Whether what it makes bears no times: the buffer has to be told where it begins. */
  readonly timeless: boolean;
  fragment(packets: readonly Timed[]): Uint8Array;
}

/** `mpeg` is MP3 as it is: Chromium takes it in no container. */
export type Container = 'mp4' | 'webm' | 'mpeg';

/** `first` is any key packet: of some codecs it says what the track's own description does not. */
export async function makePackager(track: InputTrack, container: Container, first: EncodedPacket): Promise<Packager> {
  if (container === 'mpeg') {
    return { head: new Uint8Array(), timeless: true, fragment: (packets) => join(packets.map(({ packet }) => packet.data)) };
  }
  const head = await makeHead(track, container, first);
  if (container === 'webm') return { head, timeless: false, fragment: cluster };
  const timescale = timescaleOf(head);
  const bare = track.isAudioTrack() && (await track.getCodec()) === 'aac' && !(await track.getDecoderConfig())?.description;
  let number = 0;
  return { head, timeless: false, fragment: (packets) => movieFragment(packets, timescale, ++number, bare ? withoutAdts : (data) => data) };
}

async function makeHead(track: InputTrack, container: Container, first: EncodedPacket): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const keep = (data: Uint8Array): void => void parts.push(data.slice());
  const format =
    container === 'mp4'
      ? new Mp4OutputFormat({ fastStart: 'fragmented', onFtyp: keep, onMoov: keep })
      : new WebMOutputFormat({ appendOnly: true, onEbmlHeader: keep, onSegmentHeader: keep });
  const output = new Output({ format, target: new BufferTarget() });
  const packet = first.clone({ timestamp: 0 });
  if (track.isVideoTrack()) {
    const source = new EncodedVideoPacketSource((await track.getCodec()) ?? 'avc');
    output.addVideoTrack(source, { rotation: await track.getRotation() });
    await output.start();
    const decoderConfig = await track.getDecoderConfig();
    await source.add(packet, decoderConfig ? { decoderConfig } : {});
  } else if (track.isAudioTrack()) {
    const source = new EncodedAudioPacketSource((await track.getCodec()) ?? 'aac');
    output.addAudioTrack(source);
    await output.start();
    const decoderConfig = await track.getDecoderConfig();
    await source.add(packet, decoderConfig ? { decoderConfig } : {});
  }
  await output.finalize();
  return join(parts);
}

/** Of the one track: in its `mdhd` box, behind the times of creation and modification. */
function timescaleOf(head: Uint8Array): number {
  const name = [...'mdhd'].map((char) => char.charCodeAt(0));
  const at = head.findIndex((_, index) => name.every((code, offset) => head[index + offset] === code));
  const view = new DataView(head.buffer, head.byteOffset + at + 4);
  return view.getUint8(0) === 1 ? view.getUint32(20) : view.getUint32(12);
}

/** A `moof` and an `mdat` box. */
function movieFragment(packets: readonly Timed[], scale: number, number: number, strip: (data: Uint8Array) => Uint8Array): Uint8Array {
  const units = (seconds: number): number => Math.round(seconds * scale);
  const samples = packets.map((timed) => ({ ...timed, data: strip(timed.packet.data), from: units(timed.decodeTime) }));
  const rows = samples.flatMap(({ packet, data, from, decodeTime, duration }) => [
    units(decodeTime + duration) - from,
    data.length,
    // A sample that others need not be decoded for, or one that needs others (8.8.3.1).
    packet.type === 'key' ? 0x02000000 : 0x01010000,
    units(packet.timestamp) - from,
  ]);
  const base = samples[0]?.from ?? 0;
  const trun = (offset: number): Uint8Array => box('trun', 0x01000f01, samples.length, offset, ...rows);
  const head = (offset: number): Uint8Array =>
    box(
      'moof',
      box('mfhd', 0, number),
      box('traf', box('tfhd', 0x020000, 1), box('tfdt', 0x01000000, Math.floor(base / 2 ** 32), base % 2 ** 32), trun(offset)),
    );
  const length = head(0).length;
  return join([head(length + 8), box('mdat', ...samples.map(({ data }) => data))]);
}

/** Numbers are of 32 bits. */
function box(type: string, ...content: (number | Uint8Array)[]): Uint8Array {
  const parts = content.map((part) => (typeof part === 'number' ? uint32(part) : part));
  const length = parts.reduce((sum, part) => sum + part.length, 8);
  return join([uint32(length), ascii(type), ...parts]);
}

/** An AAC packet of an ADTS stream, without the head that MP4 has no use for: 7 bytes, 9 with a checksum. */
function withoutAdts(data: Uint8Array): Uint8Array {
  return data.subarray(((data[1] ?? 1) & 1) === 1 ? 7 : 9);
}

/** A cluster of simple blocks; their times are signed, of 16 bits, in milliseconds from the cluster's. */
function cluster(packets: readonly Timed[]): Uint8Array {
  const times = packets.map(({ packet }) => Math.round(packet.timestamp * 1000));
  const base = Math.max(0, Math.min(...times));
  const blocks = packets.map(({ packet }, index) => {
    const time = (times[index] ?? 0) - base;
    const head = Uint8Array.of(0x81, (time >> 8) & 0xff, time & 0xff, packet.type === 'key' ? 0x80 : 0);
    return element([0xa3], head, packet.data);
  });
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigUint64(0, BigInt(base));
  return element([0x1f, 0x43, 0xb6, 0x75], element([0xe7], stamp), ...blocks);
}

/** An EBML element; its size is written with 8 bytes. */
function element(id: number[], ...content: Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return join([Uint8Array.from(id), Uint8Array.of(1, 0, 0, 0), uint32(length), ...content]);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value | 0);
  return bytes;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
