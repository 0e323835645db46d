// How much room there is: what the browser keeps for this page, and what is left over from torrents that nobody has any more. It
// owns the words for that, not what is stored.

import type Torrentide from '../src/index';
import { part } from './dom';
import { bytes } from './format';

const REFRESH_MS = 10_000;

/** Shows it in the footer from now on, with a button that removes what is left over. */
export async function showRoom(client: Torrentide): Promise<void> {
  const clean = part<HTMLButtonElement>(document, 'clean');
  clean.addEventListener('click', async () => {
    clean.disabled = true;
    await client.removeOrphans().catch(() => 0);
    clean.disabled = false;
    await Promise.all([estimate(), offerCleaning(client, clean)]);
  });
  setInterval(() => void estimate(), REFRESH_MS);
  await Promise.all([estimate(), offerCleaning(client, clean)]);
}

async function estimate(): Promise<void> {
  const { usage, quota } = (await navigator.storage?.estimate?.().catch(() => null)) ?? {};
  if (usage === undefined || quota === undefined) return;
  part(document, 'room').textContent = `This site uses ${bytes(usage)}; there is room for about ${bytes(Math.max(0, quota - usage))} more.`;
}

async function offerCleaning(client: Torrentide, button: HTMLButtonElement): Promise<void> {
  const { orphans } = await client.storage().catch(() => ({ orphans: [] }));
  const left = orphans.reduce((sum, each) => sum + each.bytes, 0);
  button.textContent = `Remove ${bytes(left)} that are left over`;
  button.hidden = left === 0;
}
