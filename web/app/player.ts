// The button that shows a file below its row: a film or song while it comes, a picture, a PDF or a text once it is here. How each is
// shown, the library knows.

import type { FileEntry } from '../src/index';
import { part } from './dom';

const PLAYED = /^(video|audio)\//;
const SHOWN = /^(image\/|text\/|application\/(pdf|json)$)/;

/** Makes the row's button show the file, and hide it again; a file that can't be shown has none. */
export function offerPlayer(row: HTMLElement, file: FileEntry, failed: (message: string) => void): void {
  const button = part<HTMLButtonElement>(row, 'play');
  const stage = part(row, 'stage');
  const word = PLAYED.test(file.type) ? 'Play' : 'Show';
  const label = (text: string): void => {
    button.textContent = text;
    button.setAttribute('aria-label', `${text} ${file.name}`);
  };
  button.hidden = !file.length || !(PLAYED.test(file.type) || SHOWN.test(file.type));
  label(word);
  const close = (): void => {
    // A player that nobody sees has to stop fetching.
    for (const player of stage.querySelectorAll<HTMLMediaElement>('video, audio')) {
      player.removeAttribute('src');
      player.load();
    }
    stage.replaceChildren();
    stage.hidden = true;
    label(word);
  };
  file.on('error', ({ message }) => failed(message));
  button.addEventListener('click', () => {
    if (!stage.hidden) return close();
    stage.hidden = false;
    label('Close');
    file.appendTo(stage).catch((error: Error) => {
      close();
      failed(`"${file.name}" could not be shown: ${error.message}`);
    });
  });
}
