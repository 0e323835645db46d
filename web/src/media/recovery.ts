// Browsers leave a player on the wrong picture, or standing, although all that it needs is there. To go there once more mends both.
// Nothing here knows where data comes from.

import { endOf, startsOf } from './buffered';

/** How far before what is there Firefox takes a place to be in it, in seconds: it shows the picture that comes later, and stays there. */
const NEAR = 0.3;
/** A player that has so much ahead, in seconds, and yet waits so long has lost its way. hls.js waits 3 s, too. */
const AHEAD = 1;
const STILL_MS = 3_000;
/** By how much it is moved then, in seconds: as hls.js does. */
const NUDGE = 0.1;
const LOOK_MS = 100;

/** Watches the element, and what is buffered for it, until the signal. */
export function recover(element: HTMLMediaElement, { sourceBuffers }: MediaSource, signal: AbortSignal): void {
  const astray = wrongPicture(element, sourceBuffers, signal);
  const still = standstill(element);
  const timer = setInterval(() => {
    astray();
    still();
  }, LOOK_MS);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

function wrongPicture(element: HTMLMediaElement, buffers: SourceBufferList, signal: AbortSignal): () => void {
  let place: number | null = null;
  const seeking = (): void => {
    const { currentTime } = element;
    const taken = ({ buffered }: SourceBuffer): boolean => endOf(buffered, currentTime) === null && soon(buffered, currentTime);
    place = [...buffers].some(taken) ? currentTime : null;
  };
  element.addEventListener('seeking', seeking, { signal });
  return () => {
    const { currentTime } = element;
    if (place === null || ![...buffers].every(({ buffered }) => endOf(buffered, currentTime) !== null)) return;
    if (currentTime === place) element.currentTime = place;
    place = null;
  };
}

function standstill(element: HTMLMediaElement): () => void {
  let since = 0;
  let before = NaN;
  return () => {
    const { buffered, currentTime, paused, seeking, readyState } = element;
    const left = (endOf(buffered, currentTime) ?? currentTime) - currentTime;
    const lost = !paused && !seeking && readyState < HTMLMediaElement.HAVE_FUTURE_DATA && left > AHEAD;
    if (!lost || currentTime !== before) since = performance.now();
    before = currentTime;
    if (performance.now() - since < STILL_MS) return;
    since = performance.now();
    element.currentTime += NUDGE;
  };
}

/** Whether something begins soon after that time. */
function soon(buffered: TimeRanges, time: number): boolean {
  return startsOf(buffered).some((start) => start > time && start - time < NEAR);
}
