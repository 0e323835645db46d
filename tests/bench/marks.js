// What happened when, on a page and in its engine worker: put before their scripts by test_first_picture.py. It wraps what the browser
// offers, and knows nothing of ours.
{
  const marks = [];
  const mark = (what) => marks.push([performance.timeOrigin + performance.now(), what]);
  const channel = new BroadcastChannel('marks');
  const size = (data) => data?.byteLength ?? data?.length ?? '';
  /** Marks the call of a method, and the settling of what it gives. */
  const wrap = (owner, name, tell, settled) => {
    const original = owner?.[name];
    if (!original) return;
    owner[name] = function (...given) {
      mark(tell(...given));
      const result = original.apply(this, given);
      if (settled) Promise.resolve(result).then((value) => mark(settled(value)), () => {});
      return result;
    };
  };
  wrap(globalThis, 'fetch', (url, init) => `fetch ${init?.headers?.Range ?? 'whole'}`, () => 'head of an answer');
  wrap(globalThis.ReadableStreamDefaultReader?.prototype, 'read', () => 'read on', ({ value }) => `${size(value)} bytes read`);
  wrap(globalThis.SubtleCrypto?.prototype, 'digest', (name, data) => `digest ${size(data)}`, () => 'digested');
  wrap(globalThis.FileSystemFileHandle?.prototype, 'createSyncAccessHandle', () => 'open file', () => 'file open');
  const handle = globalThis.FileSystemSyncAccessHandle?.prototype;
  for (const name of ['write', 'read', 'flush']) wrap(handle, name, (data) => `file ${name} ${size(data)}`, () => `file ${name} done`);
  wrap(globalThis.SourceBuffer?.prototype, 'appendBuffer', (data) => `append ${size(data)}`);
  if (globalThis.document) {
    const told = ({ data }) => data.type === 'reply' && mark(`page: reply ${data.call} ${size(data.value)}`);
    wrap(Worker.prototype, 'postMessage', (data) => `page: ${data.type} ${data.call ?? ''} ${data.start ?? ''}`);
    globalThis.Worker = class extends Worker {
      constructor(...given) {
        super(...given);
        this.addEventListener('message', told);
      }
    };
    for (const name of ['loadstart', 'loadedmetadata', 'loadeddata']) addEventListener(name, () => mark(name), true);
    const Source = globalThis.MediaSource;
    globalThis.MediaSource = class extends Source {
      constructor() {
        super();
        mark('MediaSource');
        this.addEventListener('sourceopen', () => mark('sourceopen'));
      }
    };
    globalThis.mark = mark;
    /** All marks since the last call, of the worker, too, in order. */
    globalThis.collectMarks = async () => {
      const theirs = await new Promise((resolve) => {
        channel.onmessage = ({ data }) => resolve(data);
        channel.postMessage('collect');
      });
      const all = [...marks.splice(0), ...theirs.map(([at, what]) => [at, `worker: ${what}`])];
      return all.sort(([one], [other]) => one - other);
    };
  } else {
    addEventListener('message', ({ data }) => mark(`heard ${data.type} ${data.call ?? ''}`));
    wrap(globalThis, 'postMessage', (data) => `post ${data.type} ${data.call ?? ''}`);
    channel.onmessage = () => channel.postMessage(marks.splice(0));
  }
}
