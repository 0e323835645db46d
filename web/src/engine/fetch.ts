// HTTP fetches of ranges, named by numbers that Python gives. Nothing is read that Python did not ask for.

/** Told of the fetches' events; set by py/torrentide/browser/fetch.py. */
interface Handlers {
  onAnswer(fetch: number, status: number, contentRange?: string, length?: number, retryAfter?: number): void;
  onData(fetch: number, data: Uint8Array): void;
  onEnd(fetch: number): void;
  /** `answered`: the body broke off. Otherwise there was no answer, or none that this page may see. */
  onFail(fetch: number, answered: boolean, detail: string): void;
}

/** Browsers hand over what has gathered: up to 2 MiB (Chromium), or all there is (Firefox, which never stops reading). Slices
 * keep each call into Python short. */
const SLICE = 64 * 1024;
const NOTHING = new Uint8Array(0);

interface Running {
  readonly abort: AbortController;
  reader?: ReadableStreamDefaultReader<Uint8Array>;
  /** What was read, but not asked for yet. */
  rest: Uint8Array;
}

export class Fetches {
  handlers: Handlers | null = null;
  private readonly running = new Map<number, Running>();

  /** `range` is the value of the Range header. A URL that the browser refuses comes back as a failure. */
  start(number: number, url: string, range: string | undefined): void {
    const abort = new AbortController();
    this.running.set(number, { abort, rest: NOTHING });
    // No other header: browsers would ask the server's permission first (CORS preflight). Without `no-store` Chromium makes
    // fetches of one URL wait for each other, and keeps on disk what is kept anyway.
    fetch(url, {
      headers: range === undefined ? {} : { Range: range },
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      signal: abort.signal,
    }).then(
      (response) => this.answered(number, response),
      (error) => this.lost(number, false, error),
    );
  }

  /** Reads on: onData, onEnd or onFail follows, never from inside this call. */
  more(number: number): void {
    const running = this.running.get(number);
    if (running?.rest.length) return queueMicrotask(() => this.handOver(number));
    running?.reader?.read().then(
      ({ done, value }) => {
        if (done) return this.ended(number);
        running.rest = value;
        this.handOver(number);
      },
      (error) => this.lost(number, true, error),
    );
  }

  /** Breaks it off; nothing more is told of it. */
  cancel(number: number): void {
    const running = this.running.get(number);
    this.running.delete(number);
    running?.abort.abort();
  }

  private answered(number: number, response: Response): void {
    const running = this.running.get(number);
    if (!running) return;
    const { status, headers } = response;
    // Only an answer that can't have a body comes without one.
    running.reader = (response.body ?? new Blob([]).stream()).getReader();
    this.handlers?.onAnswer(
      number,
      status,
      headers.get('Content-Range') ?? undefined,
      wholeNumber(headers.get('Content-Length')),
      retryAfter(headers.get('Retry-After')),
    );
  }

  private handOver(number: number): void {
    const running = this.running.get(number);
    if (!running) return;
    const slice = running.rest.subarray(0, SLICE);
    running.rest = running.rest.subarray(SLICE);
    this.handlers?.onData(number, slice);
  }

  private ended(number: number): void {
    const handlers = this.told(number);
    this.running.delete(number);
    handlers?.onEnd(number);
  }

  private lost(number: number, answered: boolean, error: unknown): void {
    const handlers = this.told(number);
    this.running.delete(number);
    handlers?.onFail(number, answered, String(error));
  }

  /** Who is told of a fetch: nobody once it is cancelled. */
  private told(number: number): Handlers | null {
    return this.running.has(number) ? this.handlers : null;
  }
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Seconds; servers give them, or a date. */
function retryAfter(text: string | null): number | undefined {
  const seconds = wholeNumber(text) ?? (Date.parse(text ?? '') - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : seconds;
}
