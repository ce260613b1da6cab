import type { RouterState } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Reloads, type RouterPort } from "./reloads.js";

/** A router reduced to when it is busy, and to which routes it was asked to revalidate. */
class StubRouter implements RouterPort {
  readonly runs: (readonly string[] | "all")[] = [];
  loaderData: Record<string, unknown> = { a: 1, b: 1 };
  readonly #reloads: Reloads;
  readonly #listeners = new Set<() => void>();
  #navigating = false;
  #revalidating = false;
  #finish = () => {};

  constructor(reloads: Reloads) {
    this.#reloads = reloads;
  }

  get state(): RouterState {
    const navigation = { state: this.#navigating ? "loading" : "idle" };
    return {
      navigation,
      revalidation: this.#revalidating ? "loading" : "idle",
      fetchers: new Map(),
      loaderData: this.loaderData,
    } as unknown as RouterState;
  }

  subscribe(listener: Parameters<RouterPort["subscribe"]>[0]): () => void {
    const call = () => listener(this.state);
    this.#listeners.add(call);
    return () => void this.#listeners.delete(call);
  }

  revalidate(): Promise<void> {
    this.runs.push(this.#reloads.partial ? [...this.#reloads.partial] : "all");
    this.#revalidating = true;
    return new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  finish(): void {
    this.#revalidating = false;
    this.#tell();
    this.#finish();
  }

  navigate(busy: boolean): void {
    this.#navigating = busy;
    this.#tell();
  }

  #tell(): void {
    for (const call of [...this.#listeners]) call();
  }
}

let reloads: Reloads;
let router: StubRouter;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  reloads = new Reloads();
  router = new StubRouter(reloads);
  reloads.connect(router);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Longer than a first reload is held back. */
const pass = (ms = 100) => vi.advanceTimersByTimeAsync(ms);

test("wishes of one moment are one request, for these routes only", async () => {
  reloads.want("a", "published");
  reloads.want("b", "published");
  reloads.want("a", "published");
  await pass();
  expect(router.runs).toEqual([["a", "b"]]);
  expect(reloads.partial).toBeNull();
});

test("one request at a time: what is wished for meanwhile is one more afterwards", async () => {
  const first = reloads.want("a", "published");
  await pass();
  const more = [reloads.want("a", "published"), reloads.want("a", "published")];
  await pass(1000);
  expect(router.runs).toHaveLength(1);
  router.finish();
  first();
  await pass(0);
  expect(router.runs).toEqual([["a"], ["a"]]);
  router.finish();
  for (const takeBack of more) takeBack();
  await pass(60_000);
  expect(router.runs).toHaveLength(2);
});

test("a navigation under way is not disturbed", async () => {
  router.navigate(true);
  reloads.want("a", "published");
  await pass(5000);
  expect(router.runs).toEqual([]);
  router.navigate(false);
  await pass();
  expect(router.runs).toEqual([["a"]]);
});

test("the viewers of a publication are spread a little, and more when one follows another", async () => {
  for (const distance of [50, 500]) {
    const before = router.runs.length;
    const takeBack = reloads.want("a", "published");
    await pass(distance - 1);
    expect(router.runs).toHaveLength(before);
    await pass(1);
    expect(router.runs).toHaveLength(before + 1);
    takeBack();
    router.finish();
    await pass(0);
  }
});

test("a wish that is taken back in time costs nothing", async () => {
  reloads.want("a", "published")();
  await pass(60_000);
  expect(router.runs).toEqual([]);
});

test("a wish that its loader did not satisfy is repeated at growing distances", async () => {
  reloads.want("a", "published");
  await pass();
  for (const [run, distance] of [1000, 1500, 2500].entries()) {
    router.finish();
    await pass(distance - 1);
    expect(router.runs).toHaveLength(run + 1);
    await pass(1);
    expect(router.runs).toHaveLength(run + 2);
  }
});

test("lost positions are spread over time, more so when they are lost again", async () => {
  const takeBack = reloads.want("a", "lost");
  await pass(249);
  expect(router.runs).toEqual([]);
  await pass(1);
  expect(router.runs).toEqual([["a"]]);
  router.finish();
  takeBack();
  reloads.want("a", "lost");
  await pass(499);
  expect(router.runs).toHaveLength(1);
  await pass(1);
  expect(router.runs).toHaveLength(2);
});

test("all routes, or one route once, when the server has ended something", async () => {
  reloads.all();
  reloads.once("a");
  await pass();
  expect(router.runs).toEqual(["all"]);
  router.finish();
  await pass();
  reloads.ended("a", undefined);
  router.finish();
  await pass(60_000);
  expect(router.runs).toEqual(["all", ["a"]]);
});

const AWAY = { status: 503, data: "away" };

test("a run that fails is repeated at growing distances until it has answered, and the failure is known meanwhile", async () => {
  const first = Date.now() + 15_000;
  const heard = vi.fn();
  reloads.subscribe(heard);
  reloads.once("a");
  for (let count = 1; count <= 3; count += 1) {
    await pass(15_000);
    expect(router.runs).toHaveLength(count);
    reloads.ended("a", AWAY);
    router.finish();
    expect(reloads.failureOf("a")).toEqual({ failure: AWAY, since: first });
  }
  await pass(15_000);
  reloads.ended("a", undefined);
  router.finish();
  await pass(60_000);
  expect([reloads.failureOf("a"), router.runs.length, heard.mock.calls.length]).toEqual([undefined, 4, 4]);
});

test("a failure that was not wished for is repeated as well, and forgotten when its route has left the screen", async () => {
  reloads.ended("a", AWAY);
  await pass(15_000);
  expect(router.runs).toEqual([["a"]]);
  reloads.ended("a", AWAY);
  router.loaderData = {};
  router.finish();
  await pass(60_000);
  expect([router.runs.length, reloads.failureOf("a")]).toEqual([2, undefined]);
});
