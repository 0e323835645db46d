// What was dropped on the page, or picked, as a list of files; those in folders keep their path. It reads names only.

/** Calls `take` with the files of every drop on the page. */
export function acceptDrops(take: (files: File[]) => void, failed: (error: unknown) => void): void {
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
    droppedFiles(event.dataTransfer).then(take, failed);
  });
}

async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  // All entries are taken before the first wait: afterwards the list is empty.
  // An image dragged from another page is a file without an entry.
  const found = [...transfer.items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  return (await Promise.all(found.map((each) => (each instanceof File ? [each] : each ? filesBelow(each) : [])))).flat();
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
