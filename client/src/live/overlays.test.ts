import { beforeEach, expect, test, vi } from "vitest";
import { MemoryLine } from "../testing/MemoryLine.js";
import type { ChannelPosition } from "../types.js";
import { Channels } from "./channels.js";
import { contains, isStranded, Overlays } from "./overlays.js";
import { Requests } from "./requests.js";
import { View } from "./views.js";

const at = (offset: number, channel = "a", epoch = "x"): ChannelPosition => ({ channel, epoch, offset });
const view = (asked: number, ...positions: ChannelPosition[]) =>
  new View("route", positions, asked, new Channels(new MemoryLine()), () => {});
const overlay = (published: readonly ChannelPosition[] = []) => ({
  id: "1",
  apply: (data: unknown) => data,
  confirmation: { asked: 5, at: 7, published },
});

let requests: Requests;
let overlays: Overlays;

beforeEach(() => {
  requests = new Requests();
  overlays = new Overlays(requests);
});

test("data contains a change when it was asked for after the answer, or came with it, or reached what was published", () => {
  expect(contains(view(8), [], overlay())).toBe(true);
  expect(contains(view(6), [], overlay())).toBe(false);
  expect(contains(view(5), [], overlay())).toBe(true);
  const both = overlay([at(3), at(4)]);
  expect([2, 3, 4, 5].map((offset) => contains(view(1, at(2)), [at(offset)], both))).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

test("what was published elsewhere does not count, of two own channels both do", () => {
  const two = overlay([at(3), at(9, "b"), at(1, "elsewhere")]);
  const positions = [at(3), at(8, "b")];
  expect(contains(view(1, ...positions), positions, two)).toBe(false);
  expect(contains(view(1, ...positions), [at(3), at(9, "b")], two)).toBe(true);
  expect(contains(view(1, at(3)), [at(3)], overlay([at(1, "elsewhere")]))).toBe(false);
});

test("a channel that began anew does not get to the publication: the loader has to run", () => {
  const positions = [at(9, "a", "y")];
  expect(contains(view(1), positions, overlay([at(3)]))).toBe(false);
  expect(isStranded(view(1), positions, overlay([at(3)]))).toBe(true);
  expect(isStranded(view(8), positions, overlay([at(3)]))).toBe(false);
});

test("a confirmed change is kept as long as older data may still come", () => {
  overlays.follow("here", () => {});
  const older = requests.begin();
  overlays.add("here", { id: "1", apply: (data) => data });
  overlays.confirm("1", { asked: requests.now(), at: requests.now(), published: [] });
  overlays.release("here", overlays.of("here"));
  expect(overlays.of("here")).toHaveLength(1);
  requests.end(older);
  overlays.release("here", overlays.of("here"));
  expect(overlays.of("here")).toEqual([]);
});

test("what nobody shows is forgotten when it is confirmed; what is in flight waits for whoever comes", () => {
  overlays.add("here", { id: "1", apply: (data) => data });
  overlays.add("here", { id: "2", apply: (data) => data });
  overlays.confirm("1", { asked: 1, at: 2, published: [] });
  expect(overlays.of("here").map(({ id }) => id)).toEqual(["2"]);
  const stop = overlays.follow("here", vi.fn());
  overlays.confirm("2", { asked: 1, at: 3, published: [] });
  expect(overlays.of("here")).toHaveLength(1);
  stop();
  expect(overlays.of("here")).toEqual([]);
});

test("an action that was never answered is a failure, told once", () => {
  const changed = vi.fn();
  overlays.follow("here", changed);
  overlays.add("here", { id: "1", apply: (data) => data });
  expect([overlays.has("1"), overlays.has("2")]).toEqual([true, false]);
  expect(overlays.settle("1", undefined)).toMatchObject({ status: 0 });
  expect(overlays.settle("1", undefined)).toBeUndefined();
  expect(overlays.of("here")).toEqual([]);
  expect(changed).toHaveBeenCalled();
});
