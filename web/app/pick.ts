// The buttons that choose files: by a picker that gives handles where the browser has it, which can be remembered, else by an
// input. What the files are for, the page knows.

import { part } from './dom';
import type { Source } from './drop';

/** In Chromium, on pages that are secure; the DOM's types do not know them yet. */
interface Pickers {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileSystemHandle[]>;
  showDirectoryPicker?(): Promise<FileSystemHandle>;
}

type Ask = () => Promise<Source[]> | undefined;

export const askForFiles: Ask = () => (window as Pickers).showOpenFilePicker?.({ multiple: true });
export const askForFolder: Ask = () => (window as Pickers).showDirectoryPicker?.().then((folder) => [folder]);

/** Has a button use what the person picks. Without an answer from `ask` the input is opened. */
export function picker(buttonId: string, inputId: string, use: (sources: Source[]) => void, ask?: Ask): void {
  const input = part<HTMLInputElement>(document, inputId);
  part(document, buttonId).addEventListener('click', () => {
    const asked = ask?.();
    if (!asked) return input.click();
    // Where no picker may be shown, as in a frame of another site, the input still may; the person's "no" is an AbortError.
    asked.then(use, (error: Error) => error.name !== 'AbortError' && input.click());
  });
  input.addEventListener('change', () => {
    use([...(input.files ?? [])]);
    input.value = '';
  });
}
