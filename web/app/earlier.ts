// What was shared on earlier visits, offered again: the browser lets a page read the files once the person clicks. It owns the list
// of offers, not the torrents that come of them.

import type Torrentide from '../src/index';
import type { Torrent } from '../src/index';
import { fromTemplate, part } from './dom';
import { bytes } from './format';

type Seed = Awaited<ReturnType<Torrentide['rememberedSeeds']>>[number];
type Shared = (torrent: Torrent, name: string) => void;
type Failed = (error: Error) => void;

/** Lists the offers. `shared` gets the torrent of each that is taken. */
export async function offerEarlier(client: Torrentide, shared: Shared, failed: Failed): Promise<void> {
  const panel = part(document, 'earlier');
  const list = part(panel, 'earlier-list');
  const drop = (row: HTMLElement): void => {
    row.remove();
    panel.hidden = list.children.length === 0;
  };
  try {
    list.replaceChildren(...(await client.rememberedSeeds()).map((seed) => offer(seed, drop, shared, failed)));
  } catch (error) {
    failed(error as Error);
  }
  panel.hidden = list.children.length === 0;
}

function offer(seed: Seed, drop: (row: HTMLElement) => void, shared: Shared, failed: Failed): HTMLElement {
  const row = fromTemplate('earlier-row');
  part(row, 'earlier-name').textContent = seed.name;
  part(row, 'earlier-size').textContent = bytes(seed.length);
  const again = part<HTMLButtonElement>(row, 'share-again');
  const forget = part<HTMLButtonElement>(row, 'forget');
  again.setAttribute('aria-label', `Share ${seed.name} again`);
  forget.setAttribute('aria-label', `Forget ${seed.name}`);
  again.addEventListener('click', async () => {
    again.disabled = true;
    try {
      shared(await seed.seed(), seed.name);
      drop(row);
    } catch (error) {
      again.disabled = false;
      failed(error as Error);
    }
  });
  forget.addEventListener('click', () => void seed.forget().then(() => drop(row), failed));
  return row;
}
