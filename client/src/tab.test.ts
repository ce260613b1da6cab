import { beforeEach, expect, test, vi } from "vitest";
import { Tab } from "./tab.js";
import { MemoryLine } from "./testing/MemoryLine.js";

let line: MemoryLine;
let tab: Tab;
let first: () => void;

beforeEach(async () => {
  vi.useFakeTimers();
  line = new MemoryLine();
  tab = new Tab(line);
  tab.isFor("ada");
  first = tab.channels.get("room:1").attach({});
  await vi.advanceTimersByTimeAsync(0);
});

test("a page for the same user keeps its line", async () => {
  tab.isFor("ada");
  tab.isFor(undefined);
  await vi.advanceTimersByTimeAsync(0);
  expect(line).toMatchObject({ connections: 1, state: { status: "open" } });
});

test("a page for another user gets a line of its own", async () => {
  tab.isFor("grace");
  expect(line.state.status).toBe("idle");
  await vi.advanceTimersByTimeAsync(1000);
  expect(line).toMatchObject({ connections: 2, state: { status: "open" } });
});

test("signing out ends the line, which what is left of the page does not open again", async () => {
  const detach = tab.channels.get("room:1").attach({});
  await vi.advanceTimersByTimeAsync(0);
  first();
  tab.isFor(null);
  await vi.advanceTimersByTimeAsync(30);
  detach();
  await vi.advanceTimersByTimeAsync(5000);
  expect(line).toMatchObject({ connections: 1, state: { status: "idle" } });
});

test("what was refused to one user is tried for the next one", async () => {
  line.expel("room:1", 103, "permission denied");
  expect(tab.channels.get("room:1").state.status).toBe("unsubscribed");
  tab.isFor("grace");
  await vi.advanceTimersByTimeAsync(1000);
  expect(tab.channels.get("room:1").state.status).toBe("subscribed");
});
