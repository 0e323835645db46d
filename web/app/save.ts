// Buttons that save: while one works it tells how far it is, and a second press ends it. What is saved, its owner knows.

import { relabel } from './dom';
import { percent } from './format';

interface Options {
  signal: AbortSignal;
  progress(written: number, length: number): void;
}

/** Whether a page can save as the bytes come: then there is no need to wait for the last of them. */
export const canStream = 'showSaveFilePicker' in window || 'serviceWorker' in navigator;
export const canWriteFolders = 'showDirectoryPicker' in window;

/** Has the browser save as the bytes come where a page writes no files. Without it all is gathered first: nothing is said of that. */
export function installWorker(): void {
  navigator.serviceWorker?.register('../torrentide-sw.js').catch(() => {});
}

export function saveButton(button: HTMLButtonElement, save: (options: Options) => Promise<void>, failed: (error: Error) => void): void {
  const { textContent: text } = button;
  const name = button.getAttribute('aria-label');
  let stop: AbortController | null = null;
  button.addEventListener('click', async () => {
    if (stop) return stop.abort();
    stop = new AbortController();
    const progress: Options['progress'] = (written, length) => (button.textContent = `Stop (${percent(written / length)})`);
    relabel(button, 'Stop', `Stop: ${name ?? text}`);
    try {
      await save({ signal: stop.signal, progress });
    } catch (error) {
      // The person said no, or stop.
      if ((error as Error).name !== 'AbortError') failed(error as Error);
    }
    stop = null;
    relabel(button, text, name);
  });
}
