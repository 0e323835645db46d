// <torrent-video>: a player for a page that writes no script. It owns the way from its attributes to a file that plays, the fallback,
// and what is told of both; how a file comes and plays, the file knows. All clients of all such elements are one, unless the page
// gives its own.

import { Torrentide } from '../api/client';
import type { FileEntry } from '../api/file';
import type { Torrent } from '../api/torrent';
import { TorrentideError } from '../errors';
import type { Playing } from './contract';
import { type Steered, steerByKeys, steerBySystem } from './keys';
import { Panel, offer } from './panel';
import { NO_STATISTICS, Sources, type VideoStatistics } from './statistics';
import { stream } from './stream';
import { named, ofTrack, showSubtitles, subtitlesFor } from './subtitles';

/** How long a fallback waits for the list of files, and how long it takes until one is told that nobody has it. */
const PATIENCE_MS = 5_000;
const STALL_MS = 10_000;
const STATISTICS_MS = 1_000;
/** Attributes that the inner <video> has, too. */
const HANDED_ON = ['poster', 'controls', 'autoplay', 'muted', 'loop', 'preload', 'playsinline'];
/** Events of the inner <video> that this element has, too. */
const TOLD = ['play', 'playing', 'pause', 'ended', 'timeupdate', 'loadedmetadata', 'seeking', 'seeked', 'waiting', 'volumechange'];

// A worker or a server that imports the library has no elements.
const Base = (typeof HTMLElement === 'function' ? HTMLElement : class {}) as typeof HTMLElement;
let shared: Torrentide | undefined;

export class TorrentVideo extends Base {
  static readonly observedAttributes = ['src', 'file', ...HANDED_ON];
  torrent: Torrent | null = null;
  #client: Torrentide | undefined;
  readonly #panel: Panel;
  readonly #steered: Steered;
  /** Ends what `src` began, and what `file` chose. */
  #life = new AbortController();
  #turn = new AbortController();
  /** Whether it is on the page. */
  #there = false;
  /** Whether the torrent came with this element. */
  #own = false;
  #file: FileEntry | null = null;
  #sources: Sources | null = null;

  constructor() {
    super();
    this.#panel = new Panel(this);
    const { video, files, status } = this.#panel;
    files.onchange = () => this.setAttribute('file', files.value);
    for (const name of TOLD) video.addEventListener(name, () => this.dispatchEvent(new Event(name)));
    video.addEventListener('ended', () => this.#step(1));
    video.addEventListener('stalled', (event) => this.#wait((event as CustomEvent).detail));
    for (const name of ['playing', 'loadeddata', 'emptied']) video.addEventListener(name, () => (status.textContent = ''));
    video.addEventListener('error', () => this.#fellBack && this.#fail(new TorrentideError('ERR_MEDIA_READ', 'The fallback can not be played.')));
    this.#steered = { video, whole: this, step: (by) => this.#step(by) };
    video.addEventListener('play', () => this.#file && steerBySystem(this.#steered, this.#file.name, this.torrent?.name ?? ''));
    steerByKeys(this.#steered);
  }

  /** The inner player. */
  get video(): HTMLVideoElement {
    return this.#panel.video;
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
    return this.#sources?.statistics ?? NO_STATISTICS;
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
    if (name === 'file') return void (this.torrent?.ready && this.#choose());
    this.#unload();
    if (value) this.#load();
  }

  #handOn(name: string, value: string | null): void {
    if (value === null) this.video.removeAttribute(name);
    else this.video.setAttribute(name, value);
    if (name === 'muted') this.video.muted = value !== null;
  }

  #unload(): void {
    this.#life.abort();
    this.#turn.abort();
    this.video.removeAttribute('src');
    this.video.load();
    this.#panel.hush();
    // Another element, or the page, may use it.
    if (this.#own && !this.torrent?.destroyed) void this.torrent?.destroy();
    this.#own = false;
    this.torrent = this.#file = this.#sources = null;
  }

  #load(): void {
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.#begin(signal).catch((error: unknown) => !signal.aborted && this.#fail(error));
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const src = this.getAttribute('src') ?? '';
    const fallback = this.#fallback;
    const id = /^magnet:|^[0-9a-f]{40}$/i.test(src) ? src : new URL(src, document.baseURI).href;
    const there = await this.client.get(id, { signal });
    signal.throwIfAborted();
    this.#own = there === null;
    // The origin's file is a web seed: it serves the start and whatever nobody else has.
    const torrent = (this.torrent = there ?? this.client.add(id, { urlList: fallback ? [fallback] : [], deselect: true }));
    this.#sources = new Sources(torrent, signal);
    const failed = (error: Error): unknown => this.#fail(error);
    torrent.on('error', failed);
    const telling = setInterval(() => this.#tell(), STATISTICS_MS);
    signal.addEventListener('abort', () => (clearInterval(telling), torrent.off('error', failed)), { once: true });
    const late = fallback ? setTimeout(() => signal.aborted || this.#fall(fallback), PATIENCE_MS) : setTimeout(() => void this.#explain(torrent, signal), STALL_MS);
    await torrent.whenReady({ signal }).finally(() => clearTimeout(late));
    if (!this.#fellBack) this.#choose();
  }

  /** Plays the file that the attribute names, by path, name or number; the first one otherwise. */
  #choose(): void {
    const { playlist } = this;
    const wanted = this.getAttribute('file');
    const chosen = playlist.find(({ path, name }) => path === wanted || name === wanted) ?? playlist[Number(wanted ?? 0)];
    if (!chosen) return this.#fail(new TorrentideError('ERR_MEDIA_FORMAT', `The torrent has no film or sound${wanted ? ` "${wanted}"` : ''}.`));
    if (chosen === this.#file) return;
    this.#turn.abort();
    this.#turn = new AbortController();
    const { signal } = this.#turn;
    this.#file = chosen;
    this.#panel.hush();
    offer(this.#panel.files, playlist.map(({ path, name }) => ({ value: path, label: name, chosen: path === chosen.path })));
    offer(this.#panel.sounds, []);
    if (!this.hasAttribute('aria-label')) this.video.setAttribute('aria-label', chosen.name);
    void this.#showSubtitles(chosen, signal);
    const { ready, stop } = stream(chosen, this.video);
    signal.addEventListener('abort', stop, { once: true });
    ready.then(
      (playing) => {
        // What was seen is shared, and what is to come is fetched when nothing is more urgent: not before somebody reads, or web seeds
        // would begin with anything.
        chosen.select();
        if (playing) this.#showSounds(playing);
      },
      (error: unknown) => !signal.aborted && this.#fail(error),
    );
  }

  #showSounds({ audioTracks, selectAudio }: Playing): void {
    const { sounds } = this.#panel;
    offer(sounds, audioTracks.map(({ id, label, language, enabled }) => ({ value: String(id), label: label || language, chosen: enabled })));
    sounds.onchange = () => selectAudio(Number(sounds.value));
  }

  /** Those that the page names, and those of the torrent: they wait until the film has begun, to be no burden on its start. */
  async #showSubtitles(film: FileEntry, signal: AbortSignal): Promise<void> {
    const files = this.torrent?.files ?? [];
    const attribute = this.getAttribute('subtitles');
    const given = [...this.querySelectorAll('track')].map(ofTrack);
    void showSubtitles(this.video, attribute ? [named(attribute, files), ...given] : given, signal);
    await new Promise((resolve) => this.video.addEventListener('loadeddata', resolve, { once: true, signal }));
    await showSubtitles(this.video, subtitlesFor(film, files), signal);
  }

  get #fallback(): string | null {
    const fallback = this.getAttribute('fallback');
    return fallback && new URL(fallback, document.baseURI).href;
  }

  get #fellBack(): boolean {
    return this.video.src !== '' && this.video.src === this.#fallback;
  }

  /** Plays the origin's file as any <video> would. */
  #fall(fallback: string): void {
    this.#turn.abort();
    this.video.src = fallback;
  }

  #fail(error: unknown): void {
    const fallback = this.#fallback;
    if (fallback && !this.#fellBack) return this.#fall(fallback);
    if (this.#fellBack && !this.video.error) return;
    this.#panel.hush();
    this.#panel.alert.textContent = error instanceof Error ? error.message : String(error);
    this.dispatchEvent(new CustomEvent('error', { detail: error }));
  }

  /** Nobody has told which files there are. */
  async #explain(torrent: Torrent, signal: AbortSignal): Promise<void> {
    const { torrents } = await this.client.diagnose();
    const found = torrents.find(({ infoHash }) => infoHash === torrent.infoHash)?.findings ?? [];
    const why = found.map(({ message }) => message).join(' ');
    if (!signal.aborted && !torrent.ready) this.#wait(new TorrentideError('ERR_MEDIA_STALLED', `Nobody who has this was found yet. ${why}`));
  }

  /** It goes on when bytes come. */
  #wait(error: unknown): void {
    const { status } = this.#panel;
    if (error instanceof Error) status.textContent = error.message;
    this.dispatchEvent(new CustomEvent('stalled', { detail: error }));
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
}

if (typeof customElements === 'object' && !customElements.get('torrent-video')) customElements.define('torrent-video', TorrentVideo);
