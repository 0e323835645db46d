// What build/web.mjs gives to the engine worker, and the type that lib.webworker lacks although page messages carry it.

/** The version in pyproject.toml. */
declare const __VERSION__: string;

/** Opaque here: the worker only hands it on. */
interface RTCConfiguration {
  readonly iceServers?: readonly object[];
}
