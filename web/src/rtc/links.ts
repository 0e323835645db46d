// Owns every RTCPeerConnection of the page, named by the engine's link numbers: makes offers and answers, and hands the data
// channel of each link over to the engine. It knows nothing of torrents, trackers or peers, and never touches the data.

import type { Attempt, FromEngine, ToEngine } from '../protocol';
import type { Path } from '../api/wire';
import { completeSdp, gathered } from './gathering';
import { relay } from './relay';

/** As libtorrent's; the label carries no meaning. */
const CHANNEL_LABEL = 'webtorrent';

export type LinkMessage = Extract<FromEngine, { link: number }>;
/** So many of the last attempts are kept. */
const MAX_ATTEMPTS = 50;

type Post = (message: ToEngine, transfer?: Transferable[]) => void;

export class Links {
  readonly attempts: Attempt[] = [];
  readonly #connections = new Map<number, RTCPeerConnection>();
  readonly #post: Post;

  constructor(post: Post) {
    this.#post = post;
  }

  handle(message: LinkMessage): void {
    const { link } = message;
    switch (message.type) {
      case 'rtc-offer':
        return this.#offer(link, message.config);
      case 'rtc-accept':
        return this.#accept(link, message.sdp, message.config);
      case 'rtc-answer':
        return this.#answer(link, message.sdp);
      case 'rtc-close':
        return this.#close(link);
    }
  }

  /** Closes every link, so that the peers notice at once, and tells the engine. */
  closeAll(reason: string): void {
    for (const link of [...this.#connections.keys()]) this.#fail(link, reason);
  }

  /** How the peer of a link was reached. Never rejects. */
  async path(link: number): Promise<Path | undefined> {
    const stats = await this.#connections.get(link)?.getStats().catch(() => undefined);
    return stats && selectedPath(stats);
  }

  #offer(link: number, config: RTCConfiguration | null): void {
    const pc = this.#open(link, config);
    if (!pc) return;
    this.#handOver(link, pc.createDataChannel(CHANNEL_LABEL));
    void this.#describe(link, pc);
  }

  #accept(link: number, sdp: string, config: RTCConfiguration | null): void {
    const pc = this.#open(link, config);
    if (!pc) return;
    let taken = false;
    pc.ondatachannel = ({ channel }) => {
      if (taken) return channel.close();
      taken = true;
      this.#handOver(link, channel);
    };
    void this.#describe(link, pc, { type: 'offer', sdp });
  }

  #answer(link: number, sdp: string): void {
    const pc = this.#connections.get(link);
    // A second answer must not end a link that the first one made.
    if (pc?.signalingState !== 'have-local-offer') return;
    pc.setRemoteDescription({ type: 'answer', sdp }).catch((error: unknown) => {
      if (this.#connections.get(link) === pc) this.#fail(link, `the browser refused the peer's answer: ${words(error)}`);
    });
  }

  /** Makes the local description, an answer if there is a remote offer, and sends it once its candidates are gathered. */
  async #describe(link: number, pc: RTCPeerConnection, offer?: RTCSessionDescriptionInit): Promise<void> {
    try {
      if (offer) await pc.setRemoteDescription(offer);
      if (this.#connections.get(link) !== pc) return;
      await pc.setLocalDescription();
      await gathered(pc);
      if (this.#connections.get(link) === pc) this.#post({ type: 'rtc-local', link, sdp: completeSdp(pc) });
    } catch (error) {
      if (this.#connections.get(link) !== pc) return;
      this.#fail(link, `the browser refused the ${offer ? "peer's offer" : 'offer'}: ${words(error)}`);
    }
  }

  #open(link: number, config: RTCConfiguration | null): RTCPeerConnection | null {
    try {
      const pc = new RTCPeerConnection(config ?? undefined);
      pc.onconnectionstatechange = () => {
        if (pc.connectionState === 'connected') this.#record('connected', pc);
        // 'disconnected' is not the end: ICE often finds its way back.
        if (pc.connectionState === 'failed') this.#fail(link, 'no network path to the peer (ICE failed)');
      };
      this.#connections.set(link, pc);
      return pc;
    } catch (error) {
      const reason = `the browser makes no further WebRTC connection (too many, or a bad rtcConfig): ${words(error)}`;
      this.#post({ type: 'rtc-failed', link, reason });
      return null;
    }
  }

  /** A channel can be transferred only in the task that made it. */
  #handOver(link: number, channel: RTCDataChannel): void {
    try {
      this.#post({ type: 'rtc-channel', link, channel }, [channel]);
    } catch {
      const port = relay(channel);
      this.#post({ type: 'rtc-relay', link, port }, [port]);
    }
  }

  #fail(link: number, reason: string): void {
    this.#close(link);
    this.#post({ type: 'rtc-failed', link, reason });
  }

  #close(link: number): void {
    const pc = this.#connections.get(link);
    if (!pc) return;
    this.#connections.delete(link);
    // A peer answered, and time or ICE ended it before there was a way.
    if (pc.remoteDescription && ['new', 'connecting', 'failed'].includes(pc.connectionState)) this.#record('failed', pc);
    pc.onconnectionstatechange = null;
    pc.ondatachannel = null;
    pc.close();
  }

  #record(outcome: Attempt['outcome'], pc: RTCPeerConnection): void {
    const { localDescription, remoteDescription } = pc;
    this.attempts.push({ outcome, local: candidateTypes(localDescription), remote: candidateTypes(remoteDescription) });
    if (this.attempts.length > MAX_ATTEMPTS) this.attempts.shift();
  }
}

function candidateTypes(description: RTCSessionDescription | null): string[] {
  const types = [...(description?.sdp ?? '').matchAll(/^a=candidate:.* typ (\w+)/gm)].map(([, type]) => type ?? '');
  return [...new Set(types)];
}

/** The candidate pair in use. Its fields are those of the WebRTC statistics; Firefox has no transport. */
function selectedPath(stats: RTCStatsReport): Path | undefined {
  const all = [...stats.values()] as Record<string, string | number | boolean | undefined>[];
  const pair =
    all.find(({ type, id }) => type === 'candidate-pair' && all.some((other) => other.selectedCandidatePairId === id)) ??
    all.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded');
  const find = (id: unknown) => all.find((other) => other.id === id);
  const local = find(pair?.localCandidateId);
  const remote = find(pair?.remoteCandidateId);
  if (!local || !remote) return undefined;
  const [address, port] = [remote.address ?? remote.ip, remote.port];
  return {
    local: String(local.candidateType),
    remote: String(remote.candidateType),
    address: typeof address === 'string' && address ? address : undefined,
    port: typeof port === 'number' ? port : undefined,
  };
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
