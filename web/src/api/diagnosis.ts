// Why there is no peer, in plain words: what the page knows, and what the engine concludes, in one report. It changes nothing.

import type { Engine } from '../engine-host';
import type { Attempt, EngineDiagnosis, Finding, Vitals } from '../protocol';

export interface TorrentDiagnosis {
  infoHash: string | undefined;
  name: string | undefined;
  numPeers: number;
  findings: Finding[];
}

export interface Diagnosis {
  /** All findings, one a line. */
  summary: string;
  /** What concerns all torrents. */
  findings: Finding[];
  torrents: TorrentDiagnosis[];
  /** The last attempts to connect to a peer, over all clients of the page, the last one last. */
  attempts: readonly Attempt[];
  /** What the engine holds; null while it is not up. */
  engine: Vitals | null;
}

/** What is known of a torrent. */
export interface Subject {
  /** The engine's number of it. */
  number: number;
  infoHash: string | undefined;
  name: string | undefined;
  numPeers: number;
}

/** Of the client that the engine knows by that number. Rejects with the reason of `signal` alone. */
export async function diagnose(
  engine: Engine,
  client: number,
  torrents: readonly Subject[],
  webrtc: boolean,
  signal: AbortSignal | undefined,
): Promise<Diagnosis> {
  const attempts = [...engine.attempts];
  const told = engine.phase === 'ready' ? await ask(engine, client, torrents, attempts, signal) : null;
  signal?.throwIfAborted();
  const findings = told?.findings ?? [{ code: 'engine-starting', message: `The engine is not up yet (${engine.phase ?? 'it is being loaded'}).` }];
  if (!webrtc) findings.unshift({ code: 'no-webrtc', message: 'This browser has no WebRTC, or it is switched off: no peer can be reached.' });
  const each = torrents.map(({ infoHash, name, numPeers }, at) => ({ infoHash, name, numPeers, findings: told?.torrents[at] ?? [] }));
  const lines = [
    ...findings.map(({ message }) => message),
    ...each.flatMap(({ name, infoHash, findings: own }) => own.map(({ message }) => `${name ?? infoHash ?? 'A torrent'}: ${message}`)),
  ];
  return { summary: lines.join('\n'), findings, torrents: each, attempts, engine: told?.engine ?? null };
}

async function ask(
  engine: Engine,
  client: number,
  torrents: readonly Subject[],
  attempts: Attempt[],
  signal: AbortSignal | undefined,
): Promise<EngineDiagnosis | null> {
  const numbers = torrents.map(({ number }) => number);
  const question = { type: 'diagnose', client, torrents: numbers, online: navigator.onLine, attempts } as const;
  return (await engine.call(question, signal).catch(() => null)) as EngineDiagnosis | null;
}
