// Subtitles: which of a torrent's files belong to a film, what the page names besides, their text as WebVTT, and the tracks of a player
// that show them. It knows nothing of how the film plays.

import type { FileEntry } from '../api/file';

export interface Subtitles {
  label: string;
  /** A BCP 47 tag, or ''. */
  language: string;
  /** As of `<track>`. */
  kind: string;
  /** Whether they are shown before anybody chooses. */
  shown: boolean;
  text(signal: AbortSignal): Promise<string>;
}

/** More is no subtitles. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Hangs them on the player, one after the other, each when its text is there. All go with `signal`. */
export async function showSubtitles(video: HTMLVideoElement, found: readonly Subtitles[], signal: AbortSignal): Promise<void> {
  for (const { label, language, kind, shown, text } of found) {
    const vtt = await text(signal).catch(() => null);
    if (signal.aborted) return;
    if (vtt === null) continue;
    const src = URL.createObjectURL(new Blob([vtt], { type: 'text/vtt' }));
    const track = Object.assign(document.createElement('track'), { kind, label, srclang: language, src });
    signal.addEventListener('abort', () => (track.remove(), URL.revokeObjectURL(src)), { once: true });
    video.append(track);
    // A mode that was set keeps the browser from choosing one by itself.
    track.track.mode = 'hidden';
    track.track.mode = shown ? 'showing' : 'disabled';
  }
}

/** What a `<track>` of the page names. */
export function ofTrack(track: HTMLTrackElement): Subtitles {
  const { label, srclang, kind, default: shown, src } = track;
  return { label: label || srclang, language: srclang, kind, shown, text: (signal) => fetched(src, signal) };
}

/** A file of the torrent by its path or name, or else a URL. */
export function named(name: string, files: readonly FileEntry[]): Subtitles {
  const file = files.find((each) => each.path === name || each.name === name);
  if (file) return ofFile(file);
  const url = new URL(name, document.baseURI).href;
  return { ...described(name.replace(/.*\//, '')), text: (signal) => fetched(url, signal) };
}

async function fetched(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return asWebVTT(await response.text());
}

function ofFile(file: FileEntry): Subtitles {
  return { ...described(file.name), text: async (signal) => asWebVTT(await (await file.blob({ signal })).text()) };
}

function described(name: string): Omit<Subtitles, 'text'> {
  const stem = withoutExtension(name);
  const [, language = ''] = /\.([a-z]{2,3}(?:-[a-z]{2})?)$/i.exec(stem) ?? [];
  return { label: languageName(language) ?? stem, language, kind: 'subtitles', shown: false };
}

/** Files named as the film is, with a language between: `film.vtt`, `film.de.srt`. With one film alone all of them are its. */
export function subtitlesFor(film: FileEntry, files: readonly FileEntry[]): Subtitles[] {
  const stem = withoutExtension(film.name);
  const alone = files.filter(({ type }) => type.startsWith('video/')).length === 1;
  const found = files.filter(({ name, length }) => /\.(vtt|srt)$/i.test(name) && length <= MAX_BYTES && (alone || name.startsWith(stem)));
  return found.map(ofFile);
}

/** SubRip as WebVTT: they differ in the head and in the point of the times. WebVTT stays as it is. */
export function asWebVTT(text: string): string {
  const lines = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  if (lines.startsWith('WEBVTT')) return lines;
  return `WEBVTT\n\n${lines.replace(/^(\d+:\d\d:\d\d),(\d{3} --> \d+:\d\d:\d\d),(\d{3})/gm, '$1.$2.$3')}`;
}

function withoutExtension(name: string): string {
  return name.replace(/\.[^.]*$/, '');
}

function languageName(tag: string): string | undefined {
  try {
    return tag ? new Intl.DisplayNames(undefined, { type: 'language', fallback: 'none' }).of(tag) : undefined;
  } catch {
    return undefined;
  }
}
