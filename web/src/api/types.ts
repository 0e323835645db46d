// The MIME type that a file's name stands for. It looks at no bytes.

import mime from 'mime/lite';

/** What players and pages need to know, and the list of registered types lacks. */
const FURTHER: Record<string, string> = {
  ass: 'text/plain',
  avi: 'video/x-msvideo',
  flac: 'audio/flac',
  ico: 'image/x-icon',
  m4p: 'audio/mp4',
  m4v: 'video/mp4',
  mka: 'audio/x-matroska',
  mkv: 'video/x-matroska',
  nfo: 'text/plain',
  srt: 'text/plain',
};

/** application/octet-stream where nothing is known. */
export function typeOf(name: string): string {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return mime.getType(name) ?? (Object.hasOwn(FURTHER, extension) ? FURTHER[extension] : undefined) ?? 'application/octet-stream';
}
