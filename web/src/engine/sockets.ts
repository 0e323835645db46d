// WebSockets to trackers, named by numbers that Python gives.

/** Told of the sockets' events; set by py/torrentide/browser/sockets.py. */
interface Handlers {
  onOpen(socket: number): void;
  onText(socket: number, text: string): void;
  onClose(socket: number, reason: string): void;
}

export class Sockets {
  handlers: Handlers | null = null;
  private readonly sockets = new Map<number, WebSocket>();

  /** Begins to connect. A URL that the browser refuses comes back as a close, never as an exception. */
  open(number: number, url: string): void {
    let socket: WebSocket;
    try {
      socket = new WebSocket(url);
    } catch (error) {
      setTimeout(() => this.handlers?.onClose(number, String(error)));
      return;
    }
    this.sockets.set(number, socket);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.handlers?.onOpen(number);
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
      this.handlers?.onText(number, typeof data === 'string' ? data : new TextDecoder().decode(data));
    let opened = false;
    socket.addEventListener('open', () => (opened = true));
    socket.onclose = ({ code, reason }) => {
      this.sockets.delete(number);
      const what = opened ? `the connection was closed (${code}${reason && `: ${reason}`})` : 'could not connect';
      this.handlers?.onClose(number, what);
    };
  }

  send(number: number, text: string): void {
    const socket = this.sockets.get(number);
    if (socket?.readyState === WebSocket.OPEN) socket.send(text);
  }

  /** Closes behind what was sent; nothing more is told of it. */
  close(number: number): void {
    const socket = this.sockets.get(number);
    this.sockets.delete(number);
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
