// What is seen of <torrent-video>: the inner <video>, lists to choose from, and what is said in words. It knows no torrents.

export interface Choice {
  value: string;
  label: string;
  chosen: boolean;
}

const STYLE = `:host { display: inline-block; position: relative } :host([hidden]) { display: none }
  video { width: 100%; height: 100%; display: block; background: #000 } p:empty, label[hidden] { display: none }
  p { margin: 0; padding: .5em; background: #fff; color: #333 } [role=alert] { color: #900 }`;

export class Panel {
  readonly video = Object.assign(document.createElement('video'), { playsInline: true });
  /** Tells what is wrong. */
  readonly alert = Object.assign(document.createElement('p'), { role: 'alert' });
  /** Tells what is waited for. */
  readonly status = Object.assign(document.createElement('p'), { role: 'status' });
  readonly files: HTMLSelectElement;
  readonly sounds: HTMLSelectElement;

  constructor(host: HTMLElement) {
    const root = host.attachShadow({ mode: 'open' });
    this.video.part.add('video');
    // A Content-Security-Policy need not allow it, as it would a <style>.
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    root.adoptedStyleSheets = [style];
    root.append(this.video);
    this.files = choice(root, 'File');
    this.sounds = choice(root, 'Sound');
    root.append(this.status, this.alert);
  }

  /** Says nothing any more. */
  hush(): void {
    this.alert.textContent = this.status.textContent = '';
  }
}

/** A labelled list that is there only while there is a choice. */
function choice(root: ShadowRoot, text: string): HTMLSelectElement {
  const label = Object.assign(document.createElement('label'), { textContent: `${text} `, hidden: true });
  const select = document.createElement('select');
  label.append(select);
  root.append(label);
  return select;
}

export function offer(select: HTMLSelectElement, choices: readonly Choice[]): void {
  select.replaceChildren(...choices.map(({ value, label, chosen }) => new Option(label, value, chosen, chosen)));
  if (select.parentElement) select.parentElement.hidden = choices.length < 2;
}
