import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Channels } from "../live/channels.js";
import { MemoryLine } from "../testing/MemoryLine.js";
import { LazyLine } from "./lazy.js";
import type { Line } from "./line.js";

let inner: MemoryLine;
let arrive: (line: Line) => void;
let line: LazyLine;

beforeEach(() => {
  vi.useFakeTimers();
  inner = new MemoryLine();
  line = new LazyLine(
    () =>
      new Promise((resolve) => {
        arrive = resolve;
      }),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

test("what is published while its code is on the way is not missed", async () => {
  const room = new Channels(line).get("room:1");
  room.attach({ since: inner.position("room:1") });
  await settle();
  expect(line.state).toEqual({ status: "connecting" });
  inner.serve("room:1", "meanwhile");
  arrive(inner);
  await settle();
  inner.serve("room:1", "afterwards");
  expect(room.feed.log?.entries.map(({ data }) => data)).toEqual(["meanwhile", "afterwards"]);
  expect(line.state.status).toBe("open");
});

test("a subscription that ended before the code was there is never made", async () => {
  line.open();
  const listener = { onSubscribed: vi.fn() };
  line.subscribe("room:1", { since: undefined, joinLeave: false }, listener as never).end();
  arrive(inner);
  await settle();
  expect(inner.subscriptions).toBe(0);
});

test("a line that nobody wants any more when its code arrives is not opened", async () => {
  const changed = vi.fn();
  line.watch(changed);
  line.open();
  line.close();
  arrive(inner);
  await settle();
  expect(inner.connections).toBe(0);
  expect(line.state.status).toBe("idle");
  line.open();
  await settle();
  expect(line.state.status).toBe("open");
});

test("calls wait for the code", async () => {
  const published = line.publish("room:1", "early");
  arrive(inner);
  await published;
  expect((await line.history("room:1", {})).publications).toMatchObject([{ data: "early" }]);
  expect(await line.presence("room:1")).toEqual([]);
});

test("code that could not be loaded is asked for again, at growing random distances", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const load = vi.fn<() => Promise<Line>>().mockRejectedValue(new TypeError("no network"));
  line = new LazyLine(load);
  line.open();
  for (const [attempt, distance] of [250, 500, 1000].entries()) {
    await vi.advanceTimersByTimeAsync(distance - 1);
    expect(load).toHaveBeenCalledTimes(attempt + 1);
    await vi.advanceTimersByTimeAsync(1);
    expect(load).toHaveBeenCalledTimes(attempt + 2);
  }
  load.mockResolvedValue(inner);
  await vi.advanceTimersByTimeAsync(2000);
  expect(line.state.status).toBe("open");
});
