// How soon a player needs what it reads next: what it has in its buffer need not come yet, and the engine may leave it to other
// viewers to fetch it. Nothing here reads or plays.

import { endOf } from './buffered';

export interface Pace {
  /** Bytes a second; 0 while that is unknown. */
  rate: number;
  /** Seconds until the next byte is needed; -1 while that is unknown. */
  slack: number;
}

/** The pace of a file of `length` bytes that plays on these elements. While one of them waits, everything is needed at once. */
export function paceOf(length: number, elements: Iterable<HTMLMediaElement>): Pace {
  const screens = [...elements];
  const [{ duration } = { duration: NaN }] = screens;
  const known = Number.isFinite(duration) && duration > 0;
  return { rate: known ? length / duration : 0, slack: screens.length ? Math.min(...screens.map(ahead)) : -1 };
}

/** Seconds that are buffered ahead of the picture. */
function ahead({ buffered, currentTime }: HTMLMediaElement): number {
  return (endOf(buffered, currentTime) ?? currentTime) - currentTime;
}
