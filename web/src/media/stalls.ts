// Tells when a player waits for data that does not come, as browsers do (`stalled`) where they fetch by themselves. It knows nothing of
// where data comes from.

/** Browsers take 3 s for it; of peers the first may be found within that time. */
const PATIENCE_MS = 10_000;
/** A player that waits does not say so again: it is asked. */
const LOOK_MS = 1_000;

/** Dispatches `stalled`, with what `told` gives as its detail, once for each time that the element waits for long. */
export function tellStalls(element: HTMLMediaElement, signal: AbortSignal, told: () => unknown): void {
  let since: number | null = null;
  let before = 0;
  const look = (): void => {
    const has = buffered(element);
    const waits = element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA && !element.ended && !element.error;
    // A browser stops to load what nobody plays, after its head or before.
    const idle = element.paused && !element.seeking && (element.readyState > 0 || element.preload === 'none');
    if (!waits || idle || has !== before) since = null;
    else since ??= performance.now();
    before = has;
    if (since === null || performance.now() - since < PATIENCE_MS) return;
    since = Infinity;
    element.dispatchEvent(new CustomEvent('stalled', { detail: told() }));
  };
  const timer = setInterval(look, LOOK_MS);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** Seconds that are there. */
function buffered({ buffered: ranges }: HTMLMediaElement): number {
  let sum = 0;
  for (let at = 0; at < ranges.length; at++) sum += ranges.end(at) - ranges.start(at);
  return sum;
}
