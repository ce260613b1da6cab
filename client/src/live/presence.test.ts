import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryLine } from "../testing/MemoryLine.js";
import type { ClientInfo } from "../types.js";
import { Channels } from "./channels.js";
import { members, replaced } from "./presence.js";

const client = (user: string, id: string): ClientInfo => ({ user, client: id, connInfo: { name: user } });
let line: MemoryLine;
let channels: Channels;

beforeEach(() => {
  vi.useFakeTimers();
  line = new MemoryLine();
  channels = new Channels(line);
});
afterEach(() => void vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);
const shown = () => channels.get("room:1").presence.members.map(({ user, clients }) => `${user}:${clients}`);

test("the tabs of one user are one member", () => {
  const clients = replaced(new Map(), [client("ada", "1"), client("bob", "2"), client("ada", "3")]);
  expect(members(clients)).toEqual([
    { user: "ada", info: { name: "ada" }, clients: 2 },
    { user: "bob", info: { name: "bob" }, clients: 1 },
  ]);
});

test("members come from the server, then from joins and leaves", async () => {
  line.joins("room:1", client("ada", "1"));
  channels.get("room:1").presence.subscribe(vi.fn());
  await settle();
  expect(shown()).toEqual(["ada:1"]);
  line.joins("room:1", client("bob", "2"));
  line.joins("room:1", client("ada", "3"));
  expect(shown()).toEqual(["ada:2", "bob:1"]);
  line.leaves("room:1", client("ada", "1"));
  line.leaves("room:1", client("bob", "2"));
  expect(shown()).toEqual(["ada:1"]);
});

test("a leave that overtakes the server's answer is not undone by it", async () => {
  line.joins("room:1", client("ada", "1"));
  vi.spyOn(line, "presence").mockImplementation(async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return [client("ada", "1"), client("bob", "2")];
  });
  channels.get("room:1").presence.subscribe(vi.fn());
  await settle();
  line.leaves("room:1", client("ada", "1"));
  await vi.advanceTimersByTimeAsync(100);
  expect(shown()).toEqual(["bob:1"]);
});

test("an interruption keeps the members on the screen and asks again", async () => {
  line.joins("room:1", client("ada", "1"));
  channels.get("room:1").presence.subscribe(vi.fn());
  await settle();
  line.cut();
  line.leaves("room:1", client("ada", "1"));
  expect(shown()).toEqual(["ada:1"]);
  line.joins("room:1", client("bob", "2"));
  line.restore();
  await settle();
  expect(shown()).toEqual(["bob:1"]);
});

test("a question that fails is asked again, unless the server refuses it", async () => {
  line.joins("room:1", client("ada", "1"));
  const ask = vi.spyOn(line, "presence").mockRejectedValueOnce({ code: 100, message: "internal server error" });
  channels.get("room:1").presence.subscribe(vi.fn());
  await settle();
  expect(shown()).toEqual([]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(shown()).toEqual(["ada:1"]);

  vi.spyOn(console, "error").mockReturnValue();
  ask.mockRejectedValue({ code: 103, message: "permission denied" });
  line.cut();
  line.restore();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(ask).toHaveBeenCalledTimes(3);
});
