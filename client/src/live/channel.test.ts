import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryLine } from "../testing/MemoryLine.js";
import type { Publication } from "../types.js";
import type { Consumer } from "./channel.js";
import { Channels } from "./channels.js";
import { observe } from "./observer.js";

let line: MemoryLine;
let channels: Channels;

beforeEach(() => {
  vi.useFakeTimers();
  line = new MemoryLine();
  channels = new Channels(line);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const room = () => channels.get("room:1");
const logged = () => room().feed.log?.entries.map(({ data }) => data);

test("the first consumer opens the line, the last one closes it after a grace", async () => {
  const detach = room().attach({});
  await settle();
  expect(line.state.status).toBe("open");
  detach();
  await vi.advanceTimersByTimeAsync(900);
  expect(line.state.status).toBe("open");
  await vi.advanceTimersByTimeAsync(200);
  expect(line.state.status).toBe("idle");
  expect(channels.known("room:1")).toBeUndefined();
});

test("leaving and coming back at once, as StrictMode does, is one subscription", async () => {
  room().attach({})();
  const detach = room().attach({});
  await settle();
  detach();
  room().attach({});
  await vi.advanceTimersByTimeAsync(2000);
  expect(line).toMatchObject({ connections: 1, subscriptions: 1 });
});

test("a consumer that is gone before the next task opens nothing", async () => {
  room().attach({})();
  await vi.advanceTimersByTimeAsync(2000);
  expect(line.connections).toBe(0);
});

test("the subscription starts at the oldest of the positions", async () => {
  for (const n of [1, 2, 3, 4]) line.serve("room:1", n);
  const { epoch } = line.position("room:1");
  room().attach({ since: { epoch, offset: 3 } });
  room().attach({ since: { epoch, offset: 1 } });
  await settle();
  expect(logged()).toEqual([2, 3, 4]);
});

test("a cut is repaired from where the log ends, and nothing comes twice", async () => {
  room().attach({ since: line.position("room:1") });
  await settle();
  line.serve("room:1", "before");
  line.cut();
  expect(room().feed.flowing).toBe(false);
  line.serve("room:1", "while cut");
  line.restore();
  line.serve("room:1", "after");
  expect(logged()).toEqual(["before", "while cut", "after"]);
});

test("a recovery that fails begins the log anew, and tells", async () => {
  const onLost = vi.fn();
  room().attach({ since: line.position("room:1"), onLost });
  await settle();
  line.serve("room:1", "seen");
  line.cut();
  line.serve("room:1", "missed");
  line.forget("room:1");
  line.restore();
  expect(onLost).toHaveBeenCalledOnce();
  expect(room().feed).toMatchObject({ log: { start: 2, entries: [] }, flowing: true });
});

test("the log is bounded, but keeps what a data request on its way may need", async () => {
  room().attach({ since: line.position("room:1") });
  await settle();
  for (let n = 0; n < 600; n += 1) line.serve("room:1", n);
  expect(logged()).toHaveLength(512);
  const release = channels.pin();
  for (let n = 0; n < 600; n += 1) line.serve("room:1", n);
  expect(logged()).toHaveLength(600);
  release();
  line.serve("room:1", 0);
  expect(logged()).toHaveLength(512);
});

test("a request that never ends does not make the log grow for ever", async () => {
  room().attach({ since: line.position("room:1") });
  await settle();
  channels.pin();
  for (let n = 0; n < 8300; n += 1) line.serve("room:1", n);
  expect(logged()).toHaveLength(8192);
});

test("an exception in one consumer reaches neither the line nor the other consumers", async () => {
  const report = vi.fn();
  vi.stubGlobal("reportError", report);
  const heard: unknown[] = [];
  room().attach({
    onPublication: () => {
      throw new Error("in application code");
    },
  });
  room().attach({ onPublication: ({ data }) => heard.push(data) });
  await settle();
  line.serve("room:1", 1);
  line.serve("room:1", 2);
  expect(heard).toEqual([1, 2]);
  expect(report).toHaveBeenCalledTimes(2);
});

test("a consumer that needs joins and leaves makes the subscription new, without a gap", async () => {
  room().attach({ since: line.position("room:1") });
  await settle();
  line.serve("room:1", 1);
  const joins: string[] = [];
  room().attach({ joinLeave: true, onJoin: ({ user }) => joins.push(user) });
  line.serve("room:1", 2);
  await settle();
  line.serve("room:1", 3);
  line.joins("room:1", { user: "ada", client: "c1" });
  expect(logged()).toEqual([1, 2, 3]);
  expect(joins).toEqual(["ada"]);
});

test("what the server ended stays ended until it is tried again", async () => {
  const onUnsubscribed = vi.fn();
  const consumer: Consumer = { onUnsubscribed };
  room().attach(consumer);
  await settle();
  line.expel("room:1", 103, "permission denied");
  expect(room().state).toEqual({ status: "unsubscribed", code: 103, reason: "permission denied" });
  expect(onUnsubscribed).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(5000);
  expect(line.subscriptions).toBe(1);
  channels.retry();
  await settle();
  expect(room().state.status).toBe("subscribed");
});

test("trying again opens a line that the server closed", async () => {
  room().attach({});
  await settle();
  line.refuse(3501, "bad request");
  await vi.advanceTimersByTimeAsync(5000);
  expect(line).toMatchObject({ connections: 1, state: { status: "closed", code: 3501 } });
  channels.retry();
  await settle();
  expect(line.state.status).toBe("open");
});

test("an observer hears everything after its position once, through cuts", async () => {
  for (const n of [1, 2, 3]) line.serve("room:1", n);
  const heard: unknown[] = [];
  const { epoch } = line.position("room:1");
  const onPublication = ({ data }: Publication) => void heard.push(data);
  observe(room(), { since: { epoch, offset: 1 }, onPublication, onLost: vi.fn() });
  await settle();
  line.cut();
  line.serve("room:1", 4);
  line.restore();
  expect(heard).toEqual([2, 3, 4]);
});

test("an observer that comes later catches up from the log, or is told that it cannot", async () => {
  room().attach({ since: line.position("room:1") });
  await settle();
  const { epoch } = line.position("room:1");
  for (const n of [1, 2, 3]) line.serve("room:1", n);
  const heard: unknown[] = [];
  const onPublication = ({ data }: Publication) => void heard.push(data);
  const onLost = vi.fn();
  observe(room(), { since: { epoch, offset: 2 }, onPublication, onLost });
  expect(heard).toEqual([3]);
  observe(room(), { since: { epoch: "of another server", offset: 2 }, onPublication, onLost });
  expect(onLost).toHaveBeenCalledOnce();
  expect(heard).toEqual([3]);
});
