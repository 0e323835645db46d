// What the tabs of an origin tell each other about one torrent. Only the form of a message is looked at here: what it means, and
// whether it is true, is Python's to know.

/** `kind` names what is told; `index` and `data` are what it is about. */
interface Message {
  kind: string;
  index: number;
  data: Uint8Array | undefined;
}

/** Told of a message of another tab; set by py/torrentide/browser/tabs.py. */
type OnTold = (line: number, kind: string, index: number, data: Uint8Array | undefined) => void;

export class Tabs {
  onTold: OnTold | null = null;
  private readonly lines = new Map<number, BroadcastChannel>();
  private last = 0;

  /** Joins all tabs that have opened a line of that name. */
  open(name: string): number {
    const number = ++this.last;
    const channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }) => {
      if (isMessage(data)) this.onTold?.(number, data.kind, data.index, data.data);
    };
    this.lines.set(number, channel);
    return number;
  }

  /** Tells all others. */
  tell(line: number, kind: string, index: number, data?: Uint8Array | null): void {
    this.lines.get(line)?.postMessage({ kind, index, data: data ?? undefined } satisfies Message);
  }

  close(line: number): void {
    this.lines.get(line)?.close();
    this.lines.delete(line);
  }
}

function isMessage(given: unknown): given is Message {
  if (typeof given !== 'object' || given === null) return false;
  const { kind, index, data } = given as Record<string, unknown>;
  return typeof kind === 'string' && Number.isSafeInteger(index) && (data === undefined || data instanceof Uint8Array);
}
