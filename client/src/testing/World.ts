import { expect } from "vitest";
import { Channels } from "../live/channels.js";
import type { Feed } from "../live/fold.js";
import { type Confirmation, Overlays } from "../live/overlays.js";
import { Requests } from "../live/requests.js";
import { Screen, type Shown } from "../live/screen.js";
import { upsert } from "../live/upsert.js";
import { type View, Views } from "../live/views.js";
import type { ChannelPosition } from "../types.js";
import { MemoryLine } from "./MemoryLine.js";

/** A row that is edited in place: every edit has a value of its own. */
interface Row {
  readonly key: number;
  readonly rev: number;
  readonly value: number;
}

type Rows = readonly Row[];
type Positions = readonly ChannelPosition[];

const CHANNEL = "rows";

/** The rules on which everything rests; a test may break one on purpose. */
export interface Rules {
  readonly readsPositionsFirst: boolean;
  readonly feeds: (feeds: readonly Feed[]) => readonly Feed[];
  /** Where new loader data starts in the log. */
  readonly startsAt: (positions: Positions, feed: Feed | undefined) => Positions;
  readonly confirmation: (confirmation: Confirmation) => Confirmation;
}

export const RULES: Rules = {
  readsPositionsFirst: true,
  feeds: (feeds) => feeds,
  startsAt: (positions) => positions,
  confirmation: (confirmation) => confirmation,
};

/** What a loader has answered with. */
interface Loaded {
  readonly rows: Rows;
  readonly positions: Positions;
}

interface Request {
  readonly asked: number;
  readonly release: () => void;
  /** What was read when the request came in, and what a moment later. */
  readonly first: Loaded;
  second?: Loaded;
}

/** An action of this tab, from the click on. */
interface Attempt extends Request {
  readonly id: string;
  readonly keys: readonly number[];
  readonly value: number;
  readonly actionsAnswered: number;
  state: "asked" | "done" | "failed";
  revs: readonly number[];
  published: Positions;
}

/** A route on the screen: with a reducer, or without one. */
class Page {
  readonly #routeId: string;
  readonly #world: World;
  readonly #screen = new Screen<Rows>();
  readonly #reducer: ((rows: Rows, row: unknown) => Rows) | undefined;
  #view: View | undefined;
  #base: Rows = [];
  #detach = () => {};
  shown: Shown<Rows> = { data: [], behind: false, contained: [] };

  constructor(routeId: string, world: World, reducer?: (rows: Rows, row: unknown) => Rows) {
    this.#routeId = routeId;
    this.#world = world;
    this.#reducer = reducer;
    world.overlays.follow(routeId, () => this.render());
  }

  get view(): View | undefined {
    return this.#view;
  }

  /** New loader data is on the screen. */
  show({ rows, positions }: Loaded, asked: number): void {
    const { views, rules, channels } = this.#world;
    const base = [...rows];
    const starts = rules.startsAt(positions, channels.known(CHANNEL)?.feed);
    views.receive({ [this.#routeId]: base }, { [this.#routeId]: starts }, asked);
    const before = this.#detach;
    this.#base = base;
    this.#view = views.of(base);
    this.#detach = this.#view?.subscribe(() => this.render()) ?? before;
    before();
    this.render();
  }

  /** What React does when anything has changed. */
  render(): void {
    const { overlays, rules } = this.#world;
    if (!this.#view) return;
    this.shown = this.#screen.show({
      view: this.#view,
      base: this.#base,
      feeds: rules.feeds(this.#view.feeds()),
      overlays: overlays.of(this.#routeId),
      reducer: this.#reducer,
    });
    this.#world.check(this.shown.data);
  }

  /** What its effects do. */
  commit(): void {
    this.#world.overlays.release(this.#routeId, this.shown.contained);
    if (this.shown.behind) this.#world.wish();
  }
}

/** A database, what is published of it, and a tab that shows it twice: folded, and loaded again and again. */
export class World {
  readonly line = new MemoryLine();
  readonly channels = new Channels(this.line);
  readonly views = new Views(this.channels, () => {});
  readonly requests = new Requests();
  readonly overlays = new Overlays(this.requests);
  readonly rules: Rules;
  /** What the screen showed and must not. */
  readonly violations: string[] = [];
  readonly #pages: readonly Page[];
  readonly #attempts: Attempt[] = [];
  readonly #confirmed: Attempt[] = [];
  #unpublished: Row[] = [];
  #rows: Rows = [1, 2, 3].map((key) => ({ key, rev: 1, value: 0 }));
  #value = 0;
  #request: Request | null = null;
  #actionsAnswered = 0;

  constructor(rules: Rules) {
    this.rules = rules;
    const fold = (rows: Rows, row: unknown) => sorted(upsert(rows, row as Row));
    this.#pages = [new Page("folding", this, fold), new Page("loading", this)];
    this.ask();
    this.load();
    this.answer();
  }

  /** Somebody else changes a row, or adds one. */
  commit(n: number): Row {
    const key = 1 + (n % (this.#rows.length + 1));
    const row = this.#write(key, ++this.#value);
    this.#unpublished.push(row);
    return row;
  }

  /** Publications follow their commits, but not always in the same order. */
  publish(newest: boolean): void {
    const row = newest ? this.#unpublished.pop() : this.#unpublished.shift();
    if (row) this.line.serve(CHANNEL, { ...row });
  }

  /** The loader is asked; a request on its way is given up for it. */
  ask(): void {
    if (this.#request) this.#end(this.#request);
    this.#request = this.#begin();
  }

  /** The wish for a run of the loader: one at a time. */
  wish(): void {
    if (!this.#request) this.ask();
  }

  load(): void {
    if (this.#request) this.#request.second ??= this.#read();
  }

  answer(): void {
    const request = this.#request;
    if (!request) return;
    this.load();
    this.#request = null;
    for (const page of this.#pages) page.show(this.#loaded(request), request.asked);
    this.#end(request);
  }

  /** The user changes two rows at once: they are on the screen now. */
  submit(n: number): void {
    const keys = [1 + (n % 3), 1 + ((n + 1) % 3)];
    const [id, value] = [`action${++this.#value}`, this.#value];
    const attempt: Attempt = {
      ...this.#begin(),
      ...{ id, keys, value, state: "asked", revs: [], published: [], actionsAnswered: this.#actionsAnswered },
    };
    const apply = (rows: unknown) => keys.reduce<Rows>((shown, key) => changed(shown, key, value), rows as Rows);
    this.#attempts.push(attempt);
    for (const name of ["folding", "loading"]) this.overlays.add(name, { id, apply });
  }

  /** The server runs an action: all of it, or nothing. */
  act(n: number, fails: boolean): void {
    const attempt = this.#waiting(n, "asked");
    if (!attempt) return;
    attempt.state = fails ? "failed" : "done";
    if (fails) return;
    const rows = attempt.keys.map((key) => this.#write(key, attempt.value));
    attempt.revs = rows.map((row) => row.rev);
    const before = this.line.served.length;
    for (const row of rows) this.line.serve(CHANNEL, { ...row });
    attempt.published = this.line.served.slice(before);
    attempt.second = this.#read();
  }

  /** An action's answer arrives, with the loaders' data after it or (where a view does not want it) without. */
  conclude(n: number, isBare: boolean): void {
    const attempt = this.#waiting(n, "done") ?? this.#waiting(n, "failed");
    if (!attempt) return;
    this.#attempts.splice(this.#attempts.indexOf(attempt), 1);
    const { id, asked, published } = attempt;
    if (attempt.state === "failed") {
      this.overlays.fail(id, { status: 500, data: null });
    } else {
      this.#confirmed.push(attempt);
      const confirmation = { asked, at: this.requests.now(), published };
      this.overlays.confirm(id, this.rules.confirmation(confirmation));
      if (!isBare) this.#showAfter(attempt);
    }
    this.#actionsAnswered += 1;
    this.#end(attempt);
    this.overlays.settle(id, this.#pages[0]?.view);
  }

  /** The answer of an action gets lost on its way. */
  lose(n: number): void {
    const attempt = this.#waiting(n, "done");
    if (!attempt) return;
    this.#attempts.splice(this.#attempts.indexOf(attempt), 1);
    this.overlays.fail(attempt.id, { status: 0, data: "no network" });
    this.#actionsAnswered += 1;
    this.#end(attempt);
  }

  commitScreen(): void {
    for (const page of this.#pages) page.commit();
  }

  /** What the user has done and was not refused is on the screen, or something newer is. */
  check(shown: Rows): void {
    const own = [...this.#confirmed, ...this.#attempts];
    for (const { key, value, rev } of shown) {
      const last = own
        .filter(({ keys }) => keys.includes(key))
        .sort((a, b) => a.value - b.value)
        .at(-1);
      if (!last || value === last.value) continue;
      const reached = last.revs[last.keys.indexOf(key)] ?? Number.POSITIVE_INFINITY;
      if (rev <= reached) this.violations.push(`row ${key} shows ${value} and not ${last.value}`);
    }
  }

  /** Everything that is under way comes to its end: the screen shows the database. */
  async settle(): Promise<void> {
    if (this.line.state.status !== "open") this.line.restore();
    for (let round = 0; round < 4; round += 1) {
      while (this.#unpublished.length > 0) this.publish(false);
      for (let left = this.#attempts.length; left > 0; left -= 1) {
        this.act(0, false);
        this.conclude(0, round % 2 === 0);
      }
      this.answer();
      await Promise.resolve();
      for (const page of this.#pages) page.render();
      this.commitScreen();
    }
    for (const page of this.#pages) expect(page.shown).toMatchObject({ behind: false, data: this.#rows });
    expect([...this.overlays.of("folding"), ...this.overlays.of("loading")]).toEqual([]);
  }

  #showAfter(attempt: Attempt): void {
    // Loaders that ran before another action was answered know too little: the router asks again.
    if (attempt.actionsAnswered !== this.#actionsAnswered) this.ask();
    else for (const page of this.#pages) page.show(this.#loaded(attempt), attempt.asked);
  }

  #waiting(n: number, state: Attempt["state"]): Attempt | undefined {
    const waiting = this.#attempts.filter((attempt) => attempt.state === state);
    return waiting[n % waiting.length];
  }

  #write(key: number, value: number): Row {
    const rev = 1 + (this.#rows.find((row) => row.key === key)?.rev ?? 0);
    this.#rows = sorted([...this.#rows.filter((row) => row.key !== key), { key, rev, value }]);
    return { key, rev, value };
  }

  #begin(): Request {
    return { asked: this.requests.begin(), release: this.channels.pin(), first: this.#read() };
  }

  #end({ asked, release }: Request): void {
    this.requests.end(asked);
    release();
  }

  #read(): Loaded {
    const position = { ...this.line.position(CHANNEL), key: "key", version: "rev" };
    return { rows: this.#rows, positions: [position] };
  }

  #loaded({ first, second = first }: Request): Loaded {
    const { readsPositionsFirst } = this.rules;
    return {
      positions: (readsPositionsFirst ? first : second).positions,
      rows: (readsPositionsFirst ? second : first).rows,
    };
  }
}

function changed(rows: Rows, key: number, value: number): Rows {
  const rev = rows.find((row) => row.key === key)?.rev ?? 0;
  return sorted([...rows.filter((row) => row.key !== key), { key, rev, value }]);
}

function sorted(rows: Rows): Rows {
  return [...rows].sort((a, b) => a.key - b.key);
}
