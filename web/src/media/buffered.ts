// Questions about what a player has buffered. Times are in seconds.

/** The end of what is buffered around that time, or what begins so much after it; null where nothing is. */
export function endOf(buffered: TimeRanges, time: number, rounding = 0): number | null {
  for (let at = 0; at < buffered.length; at++) {
    if (buffered.start(at) <= time + rounding && buffered.end(at) > time) return buffered.end(at);
  }
  return null;
}

/** Where each stretch begins. */
export function startsOf(buffered: TimeRanges): number[] {
  return Array.from({ length: buffered.length }, (_, at) => buffered.start(at));
}
