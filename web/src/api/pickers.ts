// Asks the person where to save, where the browser has the means (Chromium, on pages that are secure). It writes nothing.

/** What the browsers that have it have agreed on; the DOM's types do not know it yet. */
interface Pickers {
  showSaveFilePicker?(options: { suggestedName?: string }): Promise<FileSystemFileHandle>;
  showDirectoryPicker?(options: { mode?: 'readwrite' }): Promise<FileSystemDirectoryHandle>;
}

const pickers = globalThis as Pickers;

/** A file to write, by that name at first; null where the browser can't ask. Rejects with AbortError when the person says no. */
export async function pickFile(suggestedName: string): Promise<FileSystemFileHandle | null> {
  return pickers.showSaveFilePicker ? pickers.showSaveFilePicker({ suggestedName }) : null;
}

/** A folder to write into, as `pickFile`. */
export async function pickFolder(): Promise<FileSystemDirectoryHandle | null> {
  return pickers.showDirectoryPicker ? pickers.showDirectoryPicker({ mode: 'readwrite' }) : null;
}
