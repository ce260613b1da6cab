import { Subscribable } from "../subscribable.js";
import type { Failure } from "../types.js";

/** What reloading needs of a router; React Router's has it. */
export interface RouterPort {
  readonly state: RouterState;
  subscribe(listener: (state: RouterState) => void): () => void;
  revalidate(): Promise<void>;
}

interface RouterState {
  readonly navigation: { readonly state: string };
  readonly revalidation: string;
  readonly fetchers: ReadonlyMap<string, { readonly state: string; readonly data?: unknown }>;
  readonly loaderData: Readonly<Record<string, unknown>>;
}

/** Why a loader has to run: something was published, or publications were lost. */
export type Cause = "published" | "lost";

interface Wish {
  readonly routeId: string;
  /** It is taken back by its first run. */
  readonly once: boolean;
  due: number;
  attempts: number;
}

/** Milliseconds over which viewers of one publication are spread: after a while, and when one follows another. */
const FIRST = 100;
const NEXT = 1000;

const SPREAD = 500;
const LONGEST = 20_000;
const FORGET = 60_000;

/** A failure, and when the first one of several without an answer between them was. */
export interface LastFailure {
  readonly failure: Failure;
  readonly since: number;
}

/**
 * Runs the loaders of single routes again, one request at a time, between navigations.
 *
 * A wish stays until the component that made it takes it back, which it does when it has seen the loader's new answer;
 * one for a single run stays until a run has ended with an answer. A wish that stays although its loader ran (no
 * network, a failure, an answer of an old server) is repeated at growing, random distances.
 */
export class Reloads extends Subscribable {
  readonly #wishes = new Set<Wish>();
  readonly #losses = new Map<string, { count: number; at: number }>();
  readonly #ran = new Map<string, number>();
  readonly #failures = new Map<string, LastFailure>();
  #router: RouterPort | null = null;
  #stopWaiting: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #everything = false;
  #isForced = false;
  #partial: ReadonlySet<string> | null = null;

  connect(router: RouterPort): void {
    this.#router = router;
    this.#plan();
  }

  /** While this class makes the router revalidate: the only routes that need it. */
  get partial(): ReadonlySet<string> | null {
    return this.#partial;
  }

  /** While this class makes the router revalidate: whether all routes need it, whatever they say themselves. */
  get isForced(): boolean {
    return this.#isForced;
  }

  /** What a fetcher holds, so that a partial revalidation can leave it alone. */
  fetched(key: string): unknown {
    return this.#router?.state.fetchers.get(key)?.data;
  }

  /** The data that the router has for a route. */
  loaded(routeId: string): unknown {
    return this.#router?.state.loaderData[routeId];
  }

  /** Wishes for a run of the route's loader; the returned function takes the wish back. */
  want(routeId: string, cause: Cause): () => void {
    const delay = cause === "lost" ? this.#lossDelay(routeId) : this.#publicationDelay(routeId);
    const wish: Wish = { routeId, once: false, due: performance.now() + delay, attempts: 0 };
    this.#wishes.add(wish);
    this.#plan();
    return () => {
      this.#wishes.delete(wish);
      this.#plan();
    };
  }

  /** Runs the route's loader, until it has answered once. */
  once(routeId: string): void {
    const wish = this.#onceOf(routeId);
    if (wish) wish.due = Math.min(wish.due, performance.now());
    else this.#wishes.add({ routeId, once: true, due: performance.now(), attempts: 0 });
    this.#plan();
  }

  /** Takes note of how a run of the route's loader has ended. One that has failed is repeated. */
  ended(routeId: string, failure: Failure | undefined): void {
    const wish = this.#onceOf(routeId);
    if (failure) {
      this.#failures.set(routeId, { failure, since: this.#failures.get(routeId)?.since ?? Date.now() });
      if (!wish) this.#wishes.add({ routeId, once: true, due: performance.now() + jitter(1), attempts: 1 });
    } else {
      this.#failures.delete(routeId);
      if (wish) this.#wishes.delete(wish);
    }
    this.#plan();
    this.notify();
  }

  /** Why the data of a route is older than it has to be; the same object until that changes. */
  failureOf(routeId: string): LastFailure | undefined {
    return this.#failures.get(routeId);
  }

  #onceOf(routeId: string): Wish | undefined {
    return [...this.#wishes].find((wish) => wish.once && wish.routeId === routeId);
  }

  /** Runs the loaders of all active routes once. */
  all(): void {
    this.#everything = true;
    this.#plan();
  }

  // A whole server's viewers lose their positions at the same moment: they must not come back at the same moment.
  #lossDelay(routeId: string): number {
    const now = performance.now();
    const last = this.#losses.get(routeId);
    const count = last && now - last.at < FORGET ? last.count + 1 : 0;
    this.#losses.set(routeId, { count, at: now });
    return jitter(count);
  }

  // All viewers see a publication at the same moment.
  #publicationDelay(routeId: string): number {
    const hasRun = performance.now() - (this.#ran.get(routeId) ?? Number.NEGATIVE_INFINITY) < NEXT;
    return Math.random() * (hasRun ? NEXT : FIRST);
  }

  #plan(): void {
    clearTimeout(this.#timer);
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    if (!this.#router || this.#partial) return;
    const due = this.#everything ? 0 : Math.min(...[...this.#wishes].map((wish) => wish.due));
    if (due === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, due - performance.now()));
  }

  #run(): void {
    const router = this.#router;
    if (!router) return;
    if (!isQuiet(router.state)) {
      this.#stopWaiting = router.subscribe((state) => isQuiet(state) && this.#plan());
    } else if (this.#everything) {
      this.#everything = false;
      this.#isForced = true;
      const done = router.revalidate();
      this.#isForced = false;
      void done.finally(() => this.#plan());
    } else {
      this.#runWished(router);
    }
  }

  #runWished(router: RouterPort): void {
    this.#forgetLeft(router);
    // Whatever else is wished for goes along, before its time: the request is made anyway.
    const due = [...this.#wishes].filter((wish) => wish.due < Number.POSITIVE_INFINITY);
    for (const wish of due) {
      wish.due = Number.POSITIVE_INFINITY;
      this.#ran.set(wish.routeId, performance.now());
    }
    this.#partial = new Set(due.map((wish) => wish.routeId));
    const done = router.revalidate(); // asks the data strategy at once, which reads `partial`
    this.#partial = null;
    void done.finally(() => this.#postpone(due));
  }

  /** Nothing runs the loader of a route that is not on the screen any more. */
  #forgetLeft({ state }: RouterPort): void {
    const isLeft = (routeId: string) => !(routeId in state.loaderData);
    for (const wish of this.#wishes) if (wish.once && isLeft(wish.routeId)) this.#wishes.delete(wish);
    for (const routeId of this.#failures.keys()) if (isLeft(routeId)) this.#failures.delete(routeId);
  }

  #postpone(wishes: readonly Wish[]): void {
    for (const wish of wishes) {
      wish.attempts += 1;
      wish.due = performance.now() + SPREAD + jitter(wish.attempts);
    }
    this.#plan();
  }
}

function isQuiet(state: RouterState): boolean {
  const fetching = [...state.fetchers.values()].some((fetcher) => fetcher.state !== "idle");
  return state.navigation.state === "idle" && state.revalidation === "idle" && !fetching;
}

function jitter(count: number): number {
  return Math.random() * Math.min(LONGEST, SPREAD * 2 ** count);
}
