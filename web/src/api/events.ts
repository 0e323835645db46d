// An event emitter with the rules of Node's, typed by a map from event name to arguments. It knows nothing of torrents.

type Listener = (...args: never[]) => unknown;
type Entry = { listener: Listener; once: boolean };
type EventMap<E> = { [K in keyof E]: unknown[] };
type ListenerOf<E extends EventMap<E>, K extends keyof E> = (...args: E[K]) => unknown;

/** As in Node: listeners run in order, on a copy of the list, with the emitter as `this`; an unheard 'error' is thrown. */
export class EventEmitter<E extends EventMap<E>> {
  readonly #entries = new Map<keyof E, Entry[]>();

  on<K extends keyof E>(event: K, listener: ListenerOf<E, K>): this {
    return this.#insert(event, { listener, once: false }, false);
  }

  addListener<K extends keyof E>(event: K, listener: ListenerOf<E, K>): this {
    return this.on(event, listener);
  }

  once<K extends keyof E>(event: K, listener: ListenerOf<E, K>): this {
    return this.#insert(event, { listener, once: true }, false);
  }

  prependListener<K extends keyof E>(event: K, listener: ListenerOf<E, K>): this {
    return this.#insert(event, { listener, once: false }, true);
  }

  prependOnceListener<K extends keyof E>(event: K, listener: ListenerOf<E, K>): this {
    return this.#insert(event, { listener, once: true }, true);
  }

  /** Removes the listener that was added last, if it is there several times. */
  off<K extends keyof E>(event: K, listener: ListenerOf<E, K>): this {
    const last = this.#entries.get(event)?.filter((entry) => entry.listener === listener).at(-1);
    if (last) this.#drop(event, last);
    return this;
  }

  removeListener<K extends keyof E>(event: K, listener: ListenerOf<E, K>): this {
    return this.off(event, listener);
  }

  removeAllListeners(event?: keyof E): this {
    if (event === undefined) this.#entries.clear();
    else this.#entries.delete(event);
    return this;
  }

  listenerCount(event: keyof E): number {
    return this.#entries.get(event)?.length ?? 0;
  }

  listeners<K extends keyof E>(event: K): ListenerOf<E, K>[] {
    return (this.#entries.get(event) ?? []).map(({ listener }) => listener as unknown as ListenerOf<E, K>);
  }

  eventNames(): (keyof E)[] {
    return [...this.#entries].filter(([, entries]) => entries.length > 0).map(([event]) => event);
  }

  /** There is no limit here, and no warning at any number; pages that set one go on. */
  setMaxListeners(_count: number): this {
    return this;
  }

  /** True if anything listened. */
  emit<K extends keyof E>(event: K, ...args: E[K]): boolean {
    const entries = this.#entries.get(event) ?? [];
    if (entries.length === 0 && event === 'error') throw args[0];
    for (const entry of entries) {
      if (entry.once) this.#drop(event, entry);
      entry.listener.apply(this, args as unknown as never[]);
    }
    return entries.length > 0;
  }

  #insert(event: keyof E, entry: Entry, first: boolean): this {
    const entries = this.#entries.get(event) ?? [];
    this.#entries.set(event, first ? [entry, ...entries] : [...entries, entry]);
    return this;
  }

  #drop(event: keyof E, entry: Entry): void {
    const entries = this.#entries.get(event) ?? [];
    this.#entries.set(
      event,
      entries.filter((other) => other !== entry),
    );
  }
}
