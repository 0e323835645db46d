// Waits for the candidates of a local description. It knows one RTCPeerConnection and nothing of who asked.

/** A description is sent with what it has after this time. As simple-peer's ICECOMPLETE_TIMEOUT. */
const GATHER_LIMIT_MS = 5_000;
/** Once a server has told our public address, the host candidates are there too; the slow rest is rarely needed. */
const AFTER_PUBLIC_MS = 1_000;

/** Settles when the local description of `pc` is complete, or good enough. Never rejects. */
export function gathered(pc: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    const timers = [setTimeout(finish, GATHER_LIMIT_MS)];
    pc.addEventListener('icegatheringstatechange', check);
    pc.addEventListener('icecandidate', look);
    check();

    function check(): void {
      if (pc.iceGatheringState === 'complete') finish();
    }
    function look({ candidate }: RTCPeerConnectionIceEvent): void {
      if (candidate?.type === 'srflx' || candidate?.type === 'relay') {
        timers.push(setTimeout(finish, AFTER_PUBLIC_MS));
      }
    }
    function finish(): void {
      timers.forEach(clearTimeout);
      pc.removeEventListener('icegatheringstatechange', check);
      pc.removeEventListener('icecandidate', look);
      resolve();
    }
  });
}

/** The local description without the promise of more candidates to come: there is no way to send them. */
export function completeSdp(pc: RTCPeerConnection): string {
  return (pc.localDescription?.sdp ?? '').replace(/^a=ice-options:trickle\r?\n/gm, '');
}
