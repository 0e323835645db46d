// The one error class of the page side, and what becomes of errors that listeners throw. It owns the shape (`code` and plain
// words), never the reasons: those are where the error is made.

import type { EngineError } from './protocol';

/** An error with a stable, machine-readable `code`. The message says what was wrong and what to do. */
export class TorrentideError extends Error {
  override readonly name = 'TorrentideError';

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  static from({ code, message }: EngineError): TorrentideError {
    return new TorrentideError(code, message);
  }

  /** Anything that was thrown, as an error of this class; `code` is used for what has none. */
  static wrap(thrown: unknown, code: string, context: string): TorrentideError {
    if (thrown instanceof TorrentideError) return thrown;
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    return new TorrentideError(code, `${context}: ${detail}`);
  }
}

/** What was used after its end. */
export function closed(what: string): TorrentideError {
  return new TorrentideError('ERR_CLOSED', `The ${what} was destroyed.`);
}

/** Runs code that calls listeners: what they throw is reported as uncaught, and the caller goes on. */
export function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    reportError(error);
  }
}
