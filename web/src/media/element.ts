// <torrent-video>: a player for a page that writes no script. It owns the inner <video>, the choice of file and sound, subtitles and
// statistics; how a file comes and plays, the file knows. All clients of all such elements are one, unless the page gives its own.

import { Torrentide } from '../api/client';
import type { FileEntry } from '../api/file';
import type { Torrent } from '../api/torrent';
import type { Wire } from '../api/wire';
import { TorrentideError } from '../errors';
import type { Playing } from './contract';
import { stream } from './stream';
import { type Subtitles, asWebVTT, subtitlesFor } from './subtitles';

/** Where bytes came from, and what is going on; the `statistics` event has it, once a second. */
export interface VideoStatistics {
  fromPeers: number;
  /** By web seeds and the fallback. */
  fromHTTP: number;
  /** Bytes per second. */
  downloadSpeed: number;
  uploadSpeed: number;
  peers: number;
}

/** How long a fallback waits for the list of files. */
const PATIENCE_MS = 5_000;
const STATISTICS_MS = 1_000;
/** Seconds of a step by key. */
const STEP = 10;
/** Attributes that the inner <video> has, too. */
const HANDED_ON = ['poster', 'controls', 'autoplay', 'muted', 'loop', 'preload', 'playsinline'];
/** Events of the inner <video> that this element has, too. */
const TOLD = ['play', 'playing', 'pause', 'ended', 'timeupdate', 'loadedmetadata', 'seeking', 'seeked', 'waiting', 'volumechange'];
const STYLE = `:host { display: inline-block; position: relative } :host([hidden]) { display: none }
  video { width: 100%; height: 100%; display: block; background: #000 } [role=alert]:empty, label[hidden] { display: none }
  [role=alert] { margin: 0; padding: .5em; background: #fff; color: #900 }`;

// A worker or a server that imports the library has no elements.
const Base = (typeof HTMLElement === 'function' ? HTMLElement : class {}) as typeof HTMLElement;
let shared: Torrentide | undefined;

export class TorrentVideo extends Base {
  static readonly observedAttributes = ['src', 'file', ...HANDED_ON];
  /** The inner player. */
  readonly video: HTMLVideoElement;
  torrent: Torrent | null = null;
  #client: Torrentide | undefined;
  readonly #message: HTMLElement;
  readonly #fileChoice: HTMLSelectElement;
  readonly #soundChoice: HTMLSelectElement;
  #life = new AbortController();
  /** Whether it is on the page. */
  #there = false;
  /** Whether the torrent came with this element. */
  #own = false;
  #file: FileEntry | null = null;
  #tracks: HTMLTrackElement[] = [];
  readonly #wires = new Set<Wire>();

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    this.video = Object.assign(document.createElement('video'), { playsInline: true });
    this.video.part.add('video');
    this.#message = Object.assign(document.createElement('p'), { role: 'alert' });
    this.#fileChoice = this.#choice('File', () => this.setAttribute('file', this.#fileChoice.value));
    this.#soundChoice = this.#choice('Sound', () => {});
    // A Content-Security-Policy need not allow it, as it would a <style>.
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    root.adoptedStyleSheets = [style];
    root.append(this.video, ...[this.#fileChoice, this.#soundChoice].map((choice) => choice.parentElement as Node), this.#message);
    for (const name of TOLD) this.video.addEventListener(name, () => this.dispatchEvent(new Event(name)));
    this.video.addEventListener('ended', () => this.#step(1));
    this.video.addEventListener('play', () => this.#showSession());
    this.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** The client that fetches; by default all elements of a page share one. Set it before `src`. */
  get client(): Torrentide {
    return (this.#client ??= shared ??= new Torrentide());
  }

  set client(client: Torrentide) {
    this.#client = client;
  }

  /** The file that plays. */
  get file(): FileEntry | null {
    return this.#file;
  }

  /** The files of the torrent that can play, in the order of their names. */
  get playlist(): FileEntry[] {
    const files = (this.torrent?.files ?? []).filter(({ type, length }) => length && /^(video|audio)\//.test(type));
    return files.sort((one, other) => one.path.localeCompare(other.path, undefined, { numeric: true }));
  }

  get statistics(): VideoStatistics {
    const { received = 0, downloadSpeed = 0, uploadSpeed = 0, numPeers: peers = 0 } = this.torrent ?? {};
    const fromPeers = Math.min(received, [...this.#wires].reduce((sum, wire) => sum + wire.downloaded, 0));
    return { fromPeers, fromHTTP: received - fromPeers, downloadSpeed, uploadSpeed, peers };
  }

  play(): Promise<void> {
    return this.video.play();
  }

  pause(): void {
    this.video.pause();
  }

  connectedCallback(): void {
    if (!this.hasAttribute('role')) this.setAttribute('role', 'group');
    if (this.#there) return;
    this.#there = true;
    if (this.getAttribute('src')) this.#load();
  }

  disconnectedCallback(): void {
    // A move on the page is no end.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#there = false;
      this.#unload();
    });
  }

  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    if (HANDED_ON.includes(name)) return this.#handOn(name, value);
    // Those that it has when it comes to the page are read then.
    if (before === value || !this.#there) return;
    if (name === 'src') this.#load();
    else if (this.torrent?.ready) this.#choose();
  }

  #handOn(name: string, value: string | null): void {
    if (value === null) this.video.removeAttribute(name);
    else this.video.setAttribute(name, value);
    if (name === 'muted') this.video.muted = value !== null;
  }

  #unload(): void {
    this.#life.abort();
    this.video.removeAttribute('src');
    this.video.load();
    // Another element, or the page, may use it.
    if (this.#own) void this.torrent?.destroy();
    this.torrent = this.#file = null;
    this.#wires.clear();
  }

  #load(): void {
    this.#life.abort();
    if (this.torrent) this.#unload();
    this.#life = new AbortController();
    this.#message.textContent = '';
    const { signal } = this.#life;
    this.#begin(signal).catch((error: unknown) => !signal.aborted && this.#fail(error));
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const src = this.getAttribute('src') ?? '';
    const fallback = this.getAttribute('fallback');
    const id = /^magnet:|^[0-9a-f]{40}$/i.test(src) ? src : new URL(src, document.baseURI).href;
    // The origin's file is a web seed: it serves the start and whatever nobody else has.
    const urlList = fallback ? [new URL(fallback, document.baseURI).href] : [];
    const there = await this.client.get(id, { signal });
    signal.throwIfAborted();
    this.#own = there === null;
    const torrent = (this.torrent = there ?? this.client.add(id, { urlList, deselect: true }));
    for (const wire of torrent.wires) this.#wires.add(wire);
    torrent.on('wire', (wire) => this.#wires.add(wire));
    torrent.on('error', (error) => !signal.aborted && this.#fail(error));
    const timer = setInterval(() => this.#tell(), STATISTICS_MS);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    const late = fallback ? setTimeout(() => this.#fall(fallback), PATIENCE_MS) : undefined;
    await torrent.whenReady({ signal });
    clearTimeout(late);
    if (!this.#fellBack) this.#choose();
  }

  /** Plays the file that the attribute names, by path, name or number; the first one otherwise. */
  #choose(): void {
    const { playlist } = this;
    const wanted = this.getAttribute('file');
    const named = playlist.find(({ path, name }) => path === wanted || name === wanted) ?? playlist[Number(wanted ?? 0)];
    if (!named) return this.#fail(new TorrentideError('ERR_MEDIA_FORMAT', `The torrent has no film or sound${wanted ? ` "${wanted}"` : ''}.`));
    if (named === this.#file) return;
    this.#file = named;
    // What was seen is shared, and what is to come is fetched when nothing is more urgent.
    named.select();
    this.#offer(this.#fileChoice, playlist.map(({ path, name }) => ({ value: path, label: name, chosen: path === named.path })));
    this.#offer(this.#soundChoice, []);
    if (!this.hasAttribute('aria-label')) this.video.setAttribute('aria-label', named.name);
    void this.#showSubtitles(named);
    stream(named, this.video).ready.then(
      (playing) => playing && this.#showSounds(playing),
      (error: unknown) => this.#file === named && !this.#life.signal.aborted && this.#fail(error),
    );
  }

  #showSounds(playing: Playing): void {
    const { audioTracks, selectAudio } = playing;
    const sounds = audioTracks.map(({ id, label, language, enabled }) => ({ value: String(id), label: label || language, chosen: enabled }));
    this.#offer(this.#soundChoice, sounds);
    this.#soundChoice.onchange = () => selectAudio(Number(this.#soundChoice.value));
  }

  async #showSubtitles(film: FileEntry): Promise<void> {
    for (const track of this.#tracks) track.remove();
    this.#tracks = [];
    const given = [...this.querySelectorAll('track')].map(ofTrack);
    const found = [...given, ...subtitlesFor(film, this.torrent?.files ?? [])];
    for (const { label, language, text } of found) {
      const vtt = await text().catch(() => null);
      if (vtt === null || this.#file !== film) continue;
      const src = URL.createObjectURL(new Blob([vtt], { type: 'text/vtt' }));
      const track = Object.assign(document.createElement('track'), { kind: 'subtitles', label, srclang: language, src });
      track.default = given.length > 0 && this.#tracks.length === 0 && (this.querySelector('track')?.default ?? false);
      this.video.append(track);
      this.#tracks.push(track);
    }
  }

  get #fellBack(): boolean {
    const fallback = this.getAttribute('fallback');
    return fallback !== null && this.video.src === new URL(fallback, document.baseURI).href;
  }

  /** Plays the origin's file as any <video> would. */
  #fall(fallback: string): void {
    this.video.src = new URL(fallback, document.baseURI).href;
  }

  #fail(error: unknown): void {
    const fallback = this.getAttribute('fallback');
    if (fallback && !this.#fellBack) return this.#fall(fallback);
    if (this.#fellBack) return;
    this.#message.textContent = error instanceof Error ? error.message : String(error);
    this.dispatchEvent(new CustomEvent('error', { detail: error }));
  }

  #tell(): void {
    this.dispatchEvent(new CustomEvent<VideoStatistics>('statistics', { detail: this.statistics }));
  }

  #step(by: number): void {
    const { playlist } = this;
    const next = playlist[playlist.findIndex((file) => file === this.#file) + by];
    if (!next) return;
    this.setAttribute('file', next.path);
    this.video.addEventListener('loadedmetadata', () => void this.video.play().catch(() => {}), { once: true });
  }

  /** The system's own keys and screens. */
  #showSession(): void {
    if (!('mediaSession' in navigator) || !this.#file) return;
    const session = navigator.mediaSession;
    session.metadata = new MediaMetadata({ title: this.#file.name, album: this.torrent?.name ?? '' });
    session.setActionHandler('nexttrack', () => this.#step(1));
    session.setActionHandler('previoustrack', () => this.#step(-1));
  }

  /** What the browser's controls have no key for, or have keys for only when they are in focus. */
  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.composedPath()[0] instanceof HTMLSelectElement) return;
    const { video } = this;
    const keys: Record<string, () => unknown> = {
      k: () => (video.paused ? video.play() : video.pause()),
      j: () => (video.currentTime -= STEP),
      l: () => (video.currentTime += STEP),
      m: () => (video.muted = !video.muted),
      f: () => (document.fullscreenElement ? document.exitFullscreen() : this.requestFullscreen()),
      N: () => this.#step(1),
      P: () => this.#step(-1),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    void act();
  }

  /** A labelled list that is there only while there is a choice. */
  #choice(text: string, changed: () => void): HTMLSelectElement {
    const label = Object.assign(document.createElement('label'), { textContent: `${text} `, hidden: true });
    const select = Object.assign(document.createElement('select'), { onchange: changed });
    label.append(select);
    return select;
  }

  #offer(select: HTMLSelectElement, choices: { value: string; label: string; chosen: boolean }[]): void {
    select.replaceChildren(...choices.map(({ value, label, chosen }) => new Option(label, value, chosen, chosen)));
    if (select.parentElement) select.parentElement.hidden = choices.length < 2;
  }
}

function ofTrack(track: HTMLTrackElement): Subtitles {
  const text = async (): Promise<string> => {
    const response = await fetch(track.src);
    if (!response.ok) throw new Error(`${track.src}: ${response.status}`);
    return asWebVTT(await response.text());
  };
  return { label: track.label || track.srclang, language: track.srclang, text };
}

if (typeof customElements === 'object' && !customElements.get('torrent-video')) customElements.define('torrent-video', TorrentVideo);
