/** Calls application code in such a way that its exception is reported and ends nothing of ours. */
export function guarded<Args extends unknown[]>(
  callback: ((...args: Args) => void) | undefined,
  ...args: Args
): void {
  try {
    callback?.(...args);
  } catch (error) {
    reportError(error);
  }
}

/** Something outside React that tells its listeners about a change. */
export class Subscribable {
  readonly #listeners = new Set<() => void>();

  /** Bound, so that it can be handed to `useSyncExternalStore` as it is. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const entry = () => listener(); // one entry for each call, even for the same function
    this.#listeners.add(entry);
    if (this.#listeners.size === 1) this.onFirst();
    return () => {
      if (this.#listeners.delete(entry) && this.#listeners.size === 0) this.onLast();
    };
  };

  protected notify(): void {
    for (const listener of [...this.#listeners]) guarded(listener);
  }

  /** The first listener came. */
  protected onFirst(): void {}

  /** The last listener left. */
  protected onLast(): void {}
}

/** One value that listeners follow. */
export class Cell<Value> extends Subscribable {
  #value: Value;

  constructor(value: Value) {
    super();
    this.#value = value;
  }

  /** Bound, as `subscribe` is. */
  readonly get = (): Value => this.#value;

  set(value: Value): void {
    this.#value = value;
    this.notify();
  }
}
