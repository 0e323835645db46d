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
/** One that stands so near to the end, in seconds, has nothing to wait for: it has lost its way sooner. */
const LAST = 0.05;
const LAST_MS = 500;
const LOOK_MS = 100;

/** Watches the element, and what is buffered for it, until the signal. */
export function recover(element: HTMLMediaElement, source: MediaSource, signal: AbortSignal): void {
  const watches = [wrongPicture(element, source.sourceBuffers, signal), standstill(element), theEnd(element, source)];
  const timer = setInterval(() => watches.forEach((look) => look()), LOOK_MS);
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

/** Firefox may stand for ever at the end of a source that was ended, played from elsewhere and ended again. */
function theEnd(element: HTMLMediaElement, source: MediaSource): () => void {
  let since = 0;
  return () => {
    const { buffered, currentTime, duration, seeking, paused, ended } = element;
    const last = buffered.length ? buffered.end(buffered.length - 1) : 0;
    const waits = seeking || (!paused && !ended);
    const lost = waits && source.readyState === 'ended' && Math.min(last, currentTime) > duration - LAST;
    if (!lost) since = performance.now();
    if (performance.now() - since < LAST_MS) return;
    since = performance.now();
    element.currentTime = currentTime;
  };
}

/** Whether something begins soon after that time. */
function soon(buffered: TimeRanges, time: number): boolean {
  return startsOf(buffered).some((start) => start > time && start - time < NEAR);
}
