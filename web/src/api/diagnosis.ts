// Why there is no peer, in plain words. It looks at what is mirrored anyway and draws conclusions; it changes nothing.

import type { Vitals } from '../protocol';
import type { Attempt } from '../rtc/links';
import type { TorrentTracker } from './reports';

export interface Finding {
  /** Stable and machine-readable, as `no-websocket-tracker`. */
  code: string;
  message: string;
}

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

/** What is known of the page. */
export interface Surroundings {
  webrtc: boolean;
  online: boolean;
  /** How far the engine is, and what it holds once it is up. */
  phase: string | null;
  engine: Vitals | null;
  trackersUsed: boolean;
  attempts: readonly Attempt[];
}

/** What is known of a torrent. */
export interface Subject {
  infoHash: string | undefined;
  name: string | undefined;
  numPeers: number;
  paused: boolean;
  peerAddresses: readonly string[] | undefined;
  trackers: readonly TorrentTracker[];
}

export function diagnose(around: Surroundings, torrents: readonly Subject[]): Diagnosis {
  const findings = [...ofThePage(around)];
  const each = torrents.map((torrent) => ({
    infoHash: torrent.infoHash,
    name: torrent.name,
    numPeers: torrent.numPeers,
    findings: [...ofTheTorrent(torrent, around)],
  }));
  if (torrents.length === 0) findings.push({ code: 'no-torrent', message: 'The client has no torrent.' });
  const lines = [
    ...findings.map(({ message }) => message),
    ...each.flatMap(({ name, infoHash, findings: own }) => own.map(({ message }) => `${name ?? infoHash ?? 'A torrent'}: ${message}`)),
  ];
  return { summary: lines.join('\n'), findings, torrents: each, attempts: around.attempts, engine: around.engine };
}

function* ofThePage({ webrtc, online, phase, engine, attempts }: Surroundings): Generator<Finding> {
  if (!webrtc) yield { code: 'no-webrtc', message: 'This browser has no WebRTC, or it is switched off: no peer can be reached.' };
  if (!online) yield { code: 'offline', message: 'The browser says that it is offline.' };
  if (!engine) yield { code: 'engine-starting', message: `The engine is not up yet (${phase ?? 'it is being loaded'}).` };
  const failed = attempts.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0) return;
  const types = (side: 'local' | 'remote'): string => [...new Set(failed.flatMap((attempt) => attempt[side]))].join(', ') || 'none';
  const relays = failed.some(({ local }) => local.includes('relay'));
  yield {
    code: 'ice-failed',
    message:
      `${failed.length} of the last ${attempts.length} attempts to connect to a peer found no network path (ICE failed). ` +
      `Our candidates: ${types('local')}; theirs: ${types('remote')}. ` +
      (relays ? 'A TURN server was used, and did not help.' : 'Behind strict NATs and firewalls a TURN server is needed: name one in rtcConfig.'),
  };
}

function* ofTheTorrent(torrent: Subject, { trackersUsed, attempts }: Surroundings): Generator<Finding> {
  const { numPeers, paused, infoHash, trackers } = torrent;
  if (paused) yield { code: 'paused', message: 'It is paused: no data flows, and no new peers are looked for.' };
  if (numPeers > 0) {
    yield { code: 'connected', message: `It is connected to ${numPeers === 1 ? 'one peer' : `${numPeers} peers`}.` };
    return;
  }
  if (!infoHash) {
    yield { code: 'no-info-hash', message: 'What it is is not known yet: its .torrent file or its data is still being read.' };
    return;
  }
  const usable = trackers.filter(({ state }) => state !== 'unsupported');
  if (usable.length === 0) yield withoutTracker(torrent, trackersUsed);
  for (const tracker of usable) yield ofTheTracker(tracker, attempts.length > 0);
}

function withoutTracker({ trackers, peerAddresses }: Subject, trackersUsed: boolean): Finding {
  if (!trackersUsed) return { code: 'trackers-off', message: 'The client was told to use no tracker (tracker: false), so nobody can be found.' };
  if (trackers.length + (peerAddresses?.length ?? 0) > 0) {
    const message =
      'It names trackers or peers for other BitTorrent clients alone, which a web page can not use. Add a wss:// tracker that ' +
      'somebody who has the data uses, too.';
    return { code: 'no-websocket-tracker', message };
  }
  return { code: 'no-tracker', message: 'It names no tracker, and none was given: add a wss:// tracker by `announce`.' };
}

function ofTheTracker({ url, state, lastError, seeds, peers }: TorrentTracker, tried: boolean): Finding {
  if (lastError) return { code: 'tracker-trouble', message: `The tracker does not work: ${lastError}.` };
  if (state !== 'working') return { code: 'tracker-waiting', message: `The tracker ${url} has not answered yet.` };
  // We are counted ourselves.
  const others = Math.max(0, (peers ?? 1) - 1);
  if (others === 0) return { code: 'nobody', message: `The tracker ${url} works, and knows nobody else who has or wants this torrent.` };
  const whom = `The tracker ${url} knows ${others} other${others === 1 ? '' : 's'} (${seeds ?? 0} with everything)`;
  if (tried) return { code: 'not-connected', message: `${whom}, and no connection to them stands.` };
  const message = `${whom}, and none has answered yet. They may be gone, have all the peers they want, or speak no WebRTC.`;
  return { code: 'no-answer', message };
}
