// The few things the page does with the DOM over and over. Text goes in as text only: names in a torrent are hostile.

/** The element of that test id below `root`. */
export function part<T extends HTMLElement = HTMLElement>(root: ParentNode, testId: string): T {
  const element = root.querySelector<T>(`[data-testid="${testId}"]`);
  if (!element) throw new Error(`The page has no part "${testId}".`);
  return element;
}

/** A copy of the one element in a template. */
export function fromTemplate(id: string): HTMLElement {
  const template = document.getElementById(id) as HTMLTemplateElement;
  return template.content.firstElementChild?.cloneNode(true) as HTMLElement;
}

/** How long a button says that it has copied. */
const COPIED_MS = 2_000;

/** What is on a button, and what it is called by those who do not see beside what it stands; null: the same. */
export function relabel(button: HTMLElement, text: string, name: string | null): void {
  if (button.textContent !== text) button.textContent = text;
  if (name === null) button.removeAttribute('aria-label');
  else button.setAttribute('aria-label', name);
}

/** Longest list of messages; the oldest go first. */
const MAX_MESSAGES = 10;

/** Adds a message to a list, unless it is there already. Those of the library begin as if in the middle of a sentence. */
export function say(list: HTMLElement, message: string, kind: 'note' | 'warning' | 'error'): void {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  if ([...list.children].some((item) => item.textContent === text)) return;
  const item = document.createElement('li');
  item.className = kind;
  item.textContent = text;
  list.append(item);
  if (list.children.length > MAX_MESSAGES) list.firstElementChild?.remove();
}

export async function copyText(input: HTMLInputElement, button: HTMLButtonElement): Promise<void> {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
  } catch {
    // Plain http pages other than localhost have no clipboard object.
    document.execCommand('copy');
  }
  if (button.textContent === 'Copied') return;
  const label = button.getAttribute('aria-label');
  relabel(button, 'Copied', 'Copied');
  setTimeout(() => relabel(button, 'Copy', label), COPIED_MS);
}
