// What an HTTP request for a file is answered with: status, headers and the bytes to send. A file is a stranger's: nothing that could
// run as a page of this site leaves here under its own type. It reads no bytes.

import type { Answer, FetchRequest } from './contract';

/** What this needs of a file. */
export interface Served {
  readonly name: string;
  readonly length: number;
  readonly type: string;
}

/** An answer, and the first and last byte (inclusive) of its body, if it has one. */
export type Plan = Answer & { range?: { start: number; end: number } };

/** Types that browsers show and never run. All others are text, if a person can read them, or bytes. */
const SHOWN = /^(audio\/.+|video\/.+|image\/(?!svg).+|application\/(pdf|ogg)|text\/vtt)$/;
const READABLE = /^text\/|[+/](xml|json|javascript|ecmascript|typescript|x-sh)$/;

/** Pictures and media work under it; scripts, frames and forms do not, and neither does the origin's storage. */
const POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/** Plain words, for what there is no file to send. */
export function refusal(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: { ...COMMON, 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body };
}

const COMMON = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': POLICY,
  // Pages with Cross-Origin-Embedder-Policy embed nothing without it.
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** As a web server would answer (RFC 9110, section 14): one range; several are answered with the whole. */
export function plan({ method, headers, destination }: FetchRequest, file: Served): Plan {
  if (method !== 'GET' && method !== 'HEAD') return refusal(405, 'Only GET and HEAD are answered.', { Allow: 'GET, HEAD' });
  const range = parseRange(headers['range'], file.length);
  if (range === 'unsatisfiable') return refusal(416, 'The file has no such bytes.', { 'Content-Range': `bytes */${file.length}` });
  // What a person opens by itself is saved, so that nothing of a stranger's stands under this site's address.
  const opened = destination === 'document';
  const start = range?.start ?? 0;
  const end = range?.end ?? file.length - 1;
  const answer: Answer = {
    status: range ? 206 : 200,
    headers: {
      ...COMMON,
      'Accept-Ranges': 'bytes',
      'Content-Type': opened ? 'application/octet-stream' : safeType(file.type),
      'Content-Length': String(end - start + 1),
      'Content-Disposition': disposition(opened ? 'attachment' : 'inline', file.name),
      ...(range ? { 'Content-Range': `bytes ${start}-${end}/${file.length}` } : {}),
    },
    body: null,
  };
  if (method === 'HEAD' || end < start) return answer;
  return { ...answer, body: 'STREAM', range: { start, end } };
}

/** What the browser saves, and shows in no way. `length` is in bytes. */
export function attachment(name: string, length: number | bigint): Answer {
  const headers = {
    ...COMMON,
    // A frame of a page with this policy must have it, too.
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(length),
    'Content-Disposition': disposition('attachment', name),
  };
  return { status: 200, headers, body: 'STREAM' };
}

/** The paths of files, one a line: WebTorrent lists them as HTML, under the site's own address. */
export function listing({ method }: FetchRequest, paths: readonly string[]): Answer {
  if (method !== 'GET' && method !== 'HEAD') return refusal(405, 'Only GET and HEAD are answered.', { Allow: 'GET, HEAD' });
  const body = method === 'HEAD' ? null : `${[...new Set(paths)].join('\n')}\n`;
  return { status: 200, headers: { ...COMMON, 'Content-Type': 'text/plain; charset=utf-8' }, body };
}

/** A type under which the file can be shown, but not run. */
export function safeType(type: string): string {
  if (SHOWN.test(type)) return type;
  return READABLE.test(type) ? 'text/plain; charset=utf-8' : 'application/octet-stream';
}

/** Null where the header is absent, is no range of bytes, or names several: then the whole is sent. */
function parseRange(header: string | undefined, length: number): { start: number; end: number } | 'unsatisfiable' | null {
  const [, first = '', last = ''] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '') ?? [];
  if (!first && !last) return null;
  if (first && last && Number(last) < Number(first)) return null;
  const start = first ? Number(first) : Math.max(0, length - Number(last));
  const end = first && last ? Math.min(Number(last), length - 1) : length - 1;
  return start <= end ? { start, end } : 'unsatisfiable';
}

/** As RFC 6266, with the name as RFC 8187 wants it. */
function disposition(kind: 'attachment' | 'inline', name: string): string {
  const quoted = encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${kind}; filename*=UTF-8''${quoted}`;
}
