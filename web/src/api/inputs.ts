// Turns whatever is to be seeded into named files: the rules of create-torrent for names and folders, and folder inputs besides.
// It never reads the data.

import type { SeedFile } from '../protocol';
import { TorrentideError } from '../errors';

type Bytes = (Uint8Array | ArrayBuffer) & { name?: string };
type Item = Blob | Bytes;

/** `name` on bytes names them; `fullPath` or `webkitRelativePath` on a file puts it in a folder. */
export type SeedInput = Item | FileList | readonly Item[];

export interface SeedFiles {
  name: string;
  files: SeedFile[];
}

interface NamedItem {
  path: string[];
  named: boolean;
  blob: Blob;
}

/** What operating systems and editors leave behind: those names of the npm package `junk` that begin with a dot. */
const JUNK = /^\.(DS_Store|AppleDouble|LSOverride|Spotlight-V100|Trashes|_.*|.*\.swp)$/;

/** Throws ERR_INVALID_TORRENT. `name` is the option, which goes before every name found in the input. */
export function seedFiles(input: SeedInput, name?: string, filterJunk = true): SeedFiles {
  const items = listItems(input).map(nameItem);
  const files = filterJunk && items.length > 1 ? items.filter(({ path }) => !JUNK.test(path.at(-1) ?? '')) : items;
  const [first] = files;
  if (!first) throw invalid('There is nothing to seed: the list of files is empty.');
  const seed = files.length === 1 ? singleFile(first, name) : folder(files, name);
  if (!files.some(({ blob }) => blob.size > 0)) {
    throw invalid(`There is nothing to seed: "${seed.name}" has 0 bytes, and a torrent needs at least one.`);
  }
  return seed;
}

function singleFile({ path, named, blob }: NamedItem, name?: string): SeedFiles {
  const own = name || (named && path.at(-1)) || unnamed();
  return { name: own, files: [{ path: [own], blob }] };
}

function folder(items: NamedItem[], name?: string): SeedFiles {
  const prefix = commonFolder(items);
  const files = items.map(({ path, blob }) => ({ path: prefix ? path.slice(1) : path, blob }));
  const firstNamed = items.find(({ named }) => named)?.path.at(-1);
  refuseTwins(files);
  return { name: name || prefix || firstNamed || unnamed(), files };
}

function commonFolder(items: NamedItem[]): string | undefined {
  const top = items[0]?.path[0];
  return items.every(({ path }) => path.length > 1 && path[0] === top) ? top : undefined;
}

function refuseTwins(files: SeedFile[]): void {
  const seen = new Set<string>();
  for (const { path } of files) {
    const joined = path.join('/');
    if (seen.has(joined)) throw invalid(`Two files have the same path: "${joined}".`);
    seen.add(joined);
  }
}

function listItems(input: SeedInput): unknown[] {
  if (Array.isArray(input)) return input;
  return input instanceof FileList ? [...input] : [input];
}

function nameItem(item: unknown, index: number): NamedItem {
  const blob = asBlob(item);
  const { fullPath, webkitRelativePath, name } = item as { fullPath?: unknown; webkitRelativePath?: unknown; name?: unknown };
  const given = [fullPath, webkitRelativePath, name].find((value): value is string => typeof value === 'string' && value !== '');
  const path = (given ?? '').split('/').filter((segment) => segment !== '' && segment !== '.');
  if (path.length > 0) return { path, named: true, blob };
  return { path: [`Unknown File ${index + 1}`], named: false, blob };
}

function asBlob(item: unknown): Blob {
  if (item instanceof Blob) return item;
  if (item instanceof ArrayBuffer) return new Blob([item]);
  if (ArrayBuffer.isView(item)) return new Blob([item as Uint8Array<ArrayBuffer>]);
  const what = typeof item === 'string' ? `the string "${item.slice(0, 80)}"` : Object.prototype.toString.call(item);
  throw invalid(`This can't be seeded: ${what}. Give a File, a Blob, a FileList, a Uint8Array, an ArrayBuffer, or a list of them.`);
}

function unnamed(): string {
  return `Unnamed Torrent ${Date.now()}`;
}

function invalid(message: string): TorrentideError {
  return new TorrentideError('ERR_INVALID_TORRENT', message);
}
