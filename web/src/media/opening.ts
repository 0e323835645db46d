// What is in a media file, and what of it this browser plays: tracks, codecs, the duration. A codec that the browser refuses is told
// apart from a file that is damaged or no media at all. It buffers and plays nothing.

import {
  ADTS,
  CustomSource,
  EncodedPacketSink,
  FLAC,
  Input,
  type InputAudioTrack,
  type InputTrack,
  MATROSKA,
  MP3,
  MP4,
  OGG,
  QTFF,
  WAVE,
  WEBM,
} from 'mediabunny';
import type { FileBytes } from './bytes';
import type { Fault, MediaFile } from './contract';
import type { Container } from './fragments';

export interface Playable {
  track: InputTrack;
  container: Container;
  /** As a SourceBuffer is told. */
  mime: string;
}

export interface Opened {
  video: Playable | null;
  audio: Playable[];
  /** Number of the audio track to begin with. */
  firstAudio: number;
  /** Seconds. */
  duration: number;
  /** Seconds to add to all times, so that the first is not below zero. */
  shift: number;
  /** Codecs of tracks that can't be played. */
  refused: string[];
}

/** Reads until the tracks are known: a handful in honest files, and as many as a stranger likes in one that is made of empty boxes. */
const MAX_READS = 10_000;

const FORMATS = [MP4, QTFF, WEBM, MATROSKA, MP3, FLAC, OGG, WAVE, ADTS];

/** Rejects with a Fault, or with what reading the file rejects with. */
export async function open(file: MediaFile, bytes: FileBytes): Promise<Opened> {
  let trouble: unknown;
  let left = MAX_READS;
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    try {
      if (--left < 0) throw broken(file, 'its index has no end');
      return await bytes.read(start, end);
    } catch (error) {
      trouble = error;
      throw error;
    }
  };
  const source = new CustomSource({ getSize: () => file.length, read, handleUnhandledError: () => {} });
  const input = new Input({ source, formats: FORMATS });
  try {
    if (!(await input.canRead())) throw trouble ?? unknown(file);
    await input.getTracks();
    left = Infinity;
    return await look(file, input);
  } catch (error) {
    // The reader may have hidden why it could not go on.
    throw trouble ?? (isFault(error) ? error : broken(file, error));
  }
}

export function isFault(error: unknown): error is Fault {
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error && typeof error.code === 'string';
}

export function broken(file: MediaFile, error: unknown): Fault {
  const detail = error instanceof Error ? error.message : String(error);
  return { code: 'ERR_MEDIA_BROKEN', message: `"${file.name}" is damaged or cut off: ${detail}` };
}

function unknown({ name }: MediaFile): Fault {
  return { code: 'ERR_MEDIA_FORMAT', message: `"${name}" is no video or sound that can be played here, or a part of it is missing.` };
}

async function look(file: MediaFile, input: Input): Promise<Opened> {
  const refused: string[] = [];
  const playable = async (track: InputTrack): Promise<Playable | null> => {
    const found = await support(track);
    if (!found) refused.push((await track.getCodecParameterString()) ?? String((await track.getInternalCodecId()) ?? 'unknown'));
    return found;
  };
  const tracks = await input.getTracks();
  const picture = await input.getPrimaryVideoTrack();
  const sounds = tracks.filter((track): track is InputAudioTrack => track.isAudioTrack());
  const video = picture && (await playable(picture));
  const audio = (await Promise.all(sounds.map(playable))).filter((each) => each !== null);
  if (!picture && sounds.length === 0) throw unknown(file);
  if (!video && audio.length === 0) {
    const message = `This browser does not play "${file.name}": it does not know ${[...new Set(refused)].join(', ')}.`;
    throw { code: 'ERR_MEDIA_CODEC', message } satisfies Fault;
  }
  const primary = await input.getPrimaryAudioTrack();
  const firstAudio = Math.max(0, audio.findIndex(({ track }) => track === primary));
  const shift = Math.max(0, -((await video?.track.getFirstTimestamp()) ?? 0));
  return { video, audio, firstAudio, duration: await durationOf(input, video ?? audio[0]) + shift, shift, refused };
}

/** What the file says, if it does, and what its packets say otherwise. */
async function durationOf(input: Input, main: Playable | undefined): Promise<number> {
  const said = await input.getDurationFromMetadata();
  if (said !== null && said > 0 && Number.isFinite(said)) return said;
  const last = main && (await new EncodedPacketSink(main.track).getPacket(Infinity, { metadataOnly: true }));
  return last ? last.timestamp + last.duration : 0;
}

/** MP4 holds all that browsers play but VP8 and Vorbis. */
async function support(track: InputTrack): Promise<Playable | null> {
  const codec = await track.getCodecParameterString();
  const kind = track.isVideoTrack() ? 'video' : 'audio';
  for (const container of ['mp4', 'webm'] as const) {
    const mime = `${kind}/${container}; codecs="${codec}"`;
    if (codec && MediaSource.isTypeSupported(mime)) return { track, container, mime };
  }
  if (codec === 'mp3' && MediaSource.isTypeSupported('audio/mpeg')) return { track, container: 'mpeg', mime: 'audio/mpeg' };
  return null;
}
