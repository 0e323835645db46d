// Trackers and peers of a torrent as a page reads them: plain objects of one moment, made of what is mirrored.

import type { TrackerState } from '../protocol';
import type { Wire } from './wire';

export interface TorrentTracker {
  url: string;
  /** `unsupported`: a page can't use it; `connecting`: between two tries, too; `working`: it took an announce. */
  state: TrackerState['state'];
  /** What went wrong last, in plain words; null when all is well. */
  lastError: string | null;
  nextAnnounce: Date | null;
  /** Seconds between announces. */
  interval: number | null;
  /** As the tracker told, ourselves included; null until it did. */
  seeds: number | null;
  peers: number | null;
}

/** A connected peer at this moment. */
export interface TorrentPeer {
  peerId: string;
  /** Name and version as the peer tells them, or ''. */
  client: string;
  type: 'webrtc';
  /** ICE candidate types of the peer and of ourselves: `host`, `srflx`, `prflx` or `relay`; undefined where unknown. */
  candidateType: string | undefined;
  localCandidateType: string | undefined;
  address: string | undefined;
  port: number | undefined;
  /** Bytes per second, and bytes. */
  downloadSpeed: number;
  uploadSpeed: number;
  downloaded: number;
  uploaded: number;
  /** 0 to 1: how much of the torrent it has. */
  progress: number;
  amChoking: boolean;
  amInterested: boolean;
  peerChoking: boolean;
  peerInterested: boolean;
  isSeeder: boolean;
  isSnubbed: boolean;
}

export function trackerOf({ url, state, error, nextAnnounce, interval, seeds, leechers }: TrackerState): TorrentTracker {
  return {
    url,
    state,
    lastError: error || null,
    nextAnnounce: nextAnnounce === null ? null : new Date(nextAnnounce),
    interval,
    seeds,
    peers: seeds === null || leechers === null ? null : seeds + leechers,
  };
}

/** `pieceCount`: of the torrent. */
export function peerOf(wire: Wire, pieceCount: number): TorrentPeer {
  return {
    peerId: wire.peerId,
    client: wire.client,
    type: wire.type,
    candidateType: wire.candidateType,
    localCandidateType: wire.localCandidateType,
    address: wire.remoteAddress,
    port: wire.remotePort,
    downloadSpeed: wire.downloadSpeed(),
    uploadSpeed: wire.uploadSpeed(),
    downloaded: wire.downloaded,
    uploaded: wire.uploaded,
    progress: pieceCount ? wire.pieceCount / pieceCount : 0,
    amChoking: wire.amChoking,
    amInterested: wire.amInterested,
    peerChoking: wire.peerChoking,
    peerInterested: wire.peerInterested,
    isSeeder: wire.isSeeder,
    isSnubbed: wire.isSnubbed,
  };
}
