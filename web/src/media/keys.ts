// What a person steers a player with besides its controls: keys, and the system's own keys and screens (Media Session). It knows a
// <video> and how to go to the next file.

/** Seconds of a step by key. */
const STEP = 10;

export interface Steered {
  readonly video: HTMLVideoElement;
  /** What fills the screen. */
  readonly whole: HTMLElement;
  /** To the next file (1), or to the one before (-1). */
  step(by: number): void;
}

/** What the browser's controls have no key for, or have keys for only when they are in focus. */
export function steerByKeys({ video, whole, step }: Steered): void {
  const keys: Record<string, () => unknown> = {
    k: () => (video.paused ? video.play() : video.pause()),
    j: () => (video.currentTime -= STEP),
    l: () => (video.currentTime += STEP),
    m: () => (video.muted = !video.muted),
    c: () => nextSubtitles(video),
    f: () => (document.fullscreenElement ? document.exitFullscreen() : whole.requestFullscreen()),
    N: () => step(1),
    P: () => step(-1),
  };
  whole.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.composedPath()[0] instanceof HTMLSelectElement) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    // A browser may refuse to play, or to fill the screen.
    void Promise.resolve(act()).catch(() => {});
  });
}

/** Shows one after the other, then none. */
function nextSubtitles({ textTracks }: HTMLVideoElement): void {
  const tracks = [...textTracks];
  const shown = tracks.findIndex(({ mode }) => mode === 'showing');
  tracks.forEach((track, index) => (track.mode = index === shown + 1 ? 'showing' : 'disabled'));
}

/** Play, pause and seeks the browser does by itself. */
export function steerBySystem({ step }: Steered, title: string, album: string): void {
  if (!('mediaSession' in navigator)) return;
  const session = navigator.mediaSession;
  session.metadata = new MediaMetadata({ title, album });
  session.setActionHandler('nexttrack', () => step(1));
  session.setActionHandler('previoustrack', () => step(-1));
}
