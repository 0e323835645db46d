// Subtitles: which of a torrent's files belong to a film, and their text as WebVTT. It touches no player.

import type { FileEntry } from '../api/file';

export interface Subtitles {
  label: string;
  /** A BCP 47 tag, or ''. */
  language: string;
  text(): Promise<string>;
}

/** More is no subtitles. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Files named as the film is, with a language between: `film.vtt`, `film.de.srt`. With one film alone all of them are its. */
export function subtitlesFor(film: FileEntry, files: readonly FileEntry[]): Subtitles[] {
  const stem = withoutExtension(film.name);
  const alone = files.filter(({ type }) => type.startsWith('video/')).length === 1;
  const found = files.filter(({ name, length }) => /\.(vtt|srt)$/i.test(name) && length <= MAX_BYTES && (alone || name.startsWith(stem)));
  return found.map((file) => {
    const [, language = ''] = /\.([a-z]{2,3}(?:-[a-z]{2})?)$/i.exec(withoutExtension(file.name)) ?? [];
    return { label: languageName(language) ?? withoutExtension(file.name), language, text: async () => asWebVTT(await (await file.blob()).text()) };
  });
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
