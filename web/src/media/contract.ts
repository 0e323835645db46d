// What the library and the parts of it that are loaded for showing (dist/engine/media.mjs and markdown.mjs) ask of each other. They
// are bundled apart: only what is here may pass between them, and no class does.

/** What the player needs of a file. */
export interface MediaFile {
  readonly name: string;
  readonly length: number;
  readonly type: string;
  /** Both bounds are inclusive. `playing`: it is read for the elements on which it plays. */
  stream(range: { start: number; end: number; signal: AbortSignal; playing: true }): ReadableStream<Uint8Array>;
}

/** What went wrong: a code of TorrentideError, and plain words. */
export interface Fault {
  code: string;
  message: string;
}

export interface AudioTrack {
  id: number;
  /** As the file names it, or ''. */
  label: string;
  /** ISO 639-2, `und` where it is unknown. */
  language: string;
  enabled: boolean;
}

export interface PlayHooks {
  /** Ends the playing: the element is left as it is, and nothing more is read. */
  signal: AbortSignal;
  /** A part of it can't be played; the rest is. */
  warn(fault: Fault): void;
  /** The end of the playing. The element has its own `error` event then, too. */
  fail(fault: Fault): void;
}

export interface Playing {
  readonly audioTracks: readonly AudioTrack[];
  selectAudio(id: number): void;
}

/**
 * Plays the file on the element by a MediaSource that opens there. Settles when the element has its metadata. Rejects with a Fault
 * where the browser or this player can't play it.
 */
export type Play = (file: MediaFile, element: HTMLMediaElement, source: Promise<MediaSource>, hooks: PlayHooks) => Promise<Playing>;

/** The source of a page that shows the Markdown. */
export type Paged = (text: string) => string;
