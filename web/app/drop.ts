// What was dropped on the page: handles where the browser gives them, which can be remembered, else files; those in folders keep
// their path. It reads names only.

/** What can be shared. */
export type Source = File | FileSystemHandle;

/** In Chromium, on pages that are secure; the DOM's types do not know it yet. */
interface Item extends DataTransferItem {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

/** Calls `take` with what each drop on the page brings. */
export function acceptDrops(take: (sources: Source[]) => void, failed: (error: unknown) => void): void {
  const { classList } = document.documentElement;
  addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    classList.add('dragging');
  });
  addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) classList.remove('dragging');
  });
  addEventListener('drop', (event) => {
    classList.remove('dragging');
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    dropped(event.dataTransfer).then(take, failed);
  });
}

async function dropped(transfer: DataTransfer): Promise<Source[]> {
  // All items are asked before the first wait: afterwards the list is empty.
  const found = [...transfer.items].filter(({ kind }) => kind === 'file').map(sourceOf);
  return (await Promise.all(found)).flat();
}

async function sourceOf(item: Item): Promise<Source[]> {
  // A folder that the browser protects has no handle, and an image dragged from another page has neither handle nor entry.
  const handle = item.getAsFileSystemHandle?.().catch(() => null);
  const other = item.webkitGetAsEntry() ?? item.getAsFile();
  const source = (await handle) ?? other;
  if (!source) return [];
  return 'isDirectory' in source ? filesBelow(source) : [source];
}

async function filesBelow(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isDirectory) return (await Promise.all((await children(entry as FileSystemDirectoryEntry)).map(filesBelow))).flat();
  const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
  return [Object.assign(file, { fullPath: entry.fullPath })];
}

async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return found;
    found.push(...batch);
  }
}
