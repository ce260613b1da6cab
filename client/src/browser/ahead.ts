import type { Answer, Results } from "./request.js";

/** An answer of the server that came, or is on its way, before the router asked. */
export interface Early {
  /** The routes that it is about. */
  readonly routes: readonly string[];
  /** The answer; undefined when it turned out to be of no use. */
  readonly use: () => Promise<Answer | undefined>;
}

/** Answers that wait for the load they are for. Each is used once, by the page it was made for. */
export class Ahead {
  readonly #waiting = new Map<string, Early>();
  #answered = 0;

  /** Keeps an answer for the page's next load, at most for so many milliseconds. */
  put(page: string, early: Early, lifetime: number): void {
    this.#waiting.set(page, early);
    setTimeout(() => this.#waiting.get(page) === early && this.#waiting.delete(page), lifetime);
  }

  has(page: string): boolean {
    return this.#waiting.has(page);
  }

  take(page: string): Early | undefined {
    const early = this.#waiting.get(page);
    this.#waiting.delete(page);
    return early;
  }

  /** What was answered until now may be wrong by now. */
  forget(): void {
    this.#waiting.clear();
  }

  /**
   * An action is on its way. The returned function is called when that is over, with the loaders' results that came
   * with the action's answer: they are for the load that follows in the same task.
   */
  expect(page: string): (after: Results | undefined) => void {
    const before = this.#answered;
    return (after) => {
      this.#answered += 1;
      this.forget();
      // Loaders that ran before another action did, which was answered meanwhile, know too little.
      if (!after || this.#answered !== before + 1) return;
      this.put(page, { routes: Object.keys(after), use: async () => ({ results: after }) }, 0);
    };
  }
}

/** A page's address: `?index` says which of its routes is to act, and is no part of it. */
export function pageOf(url: string): string {
  const { origin, pathname, search } = new URL(url);
  const query = search.slice(1).split("&");
  return `${origin}${pathname}?${query.filter((pair) => pair !== "index").join("&")}`;
}
