import fc from "fast-check";
import { expect, test } from "vitest";
import { advance, type Feed, isBehind, startFold } from "./fold.js";
import { append, begin, type Log } from "./log.js";

interface Data {
  readonly seen: readonly string[];
}
const add = (data: Data, publication: unknown): Data => ({ seen: [...data.seen, String(publication)] });
const at = (offset: number, epoch = "a", channel = "room:1") => ({ channel, offset, epoch });
const EMPTY: Data = { seen: [] };

let order = 0;
const grow = (log: Log, ...offsets: number[]): Log =>
  offsets.reduce((grown, offset) => append(grown, { offset, data: `p${offset}`, order: ++order }), log);
const logOf = (start: number, ...offsets: number[]) => grow(begin({ epoch: "a", offset: start }), ...offsets);
const flowing = (log: Log | null): Feed => ({ log, flowing: true });

test("entries after the position are folded in, in order, and only once", () => {
  const log = logOf(2, 3, 4, 5);
  const first = advance(startFold(EMPTY, [at(3)]), [flowing(log)], add);
  expect(first).toMatchObject({ data: { seen: ["p4", "p5"] }, positions: [at(5)], behind: false });
  expect(advance(first, [flowing(log)], add)).toBe(first);
  expect(advance(first, [flowing(grow(log, 6))], add).data.seen).toEqual(["p4", "p5", "p6"]);
});

test("data that is newer than the log waits for what it has not seen", () => {
  const ahead = startFold(EMPTY, [at(7)]);
  const log = logOf(2, 3);
  expect(advance(ahead, [flowing(log)], add)).toBe(ahead);
  expect(advance(ahead, [flowing(grow(log, 4, 5, 6, 7, 8))], add).data.seen).toEqual(["p8"]);
});

test("where the log does not reach nothing is applied, and the fold is behind", () => {
  const fold = startFold(EMPTY, [at(1)]);
  expect(advance(fold, [flowing(logOf(4, 5))], add)).toMatchObject({ data: EMPTY, behind: true });
});

test("another epoch is behind only once the channel flows in it", () => {
  const fold = startFold(EMPTY, [at(0, "b")]);
  const interrupted = { log: logOf(0, 1), flowing: false };
  expect(advance(fold, [interrupted], add)).toBe(fold);
  expect(advance(fold, [{ ...interrupted, flowing: true }], add)).toMatchObject({ data: EMPTY, behind: true });
});

test("with one channel of two out of reach nothing is applied from the other one either", () => {
  const fold = startFold(EMPTY, [at(1), at(0, "a", "room:2")]);
  expect(advance(fold, [flowing(logOf(4, 5)), flowing(logOf(0, 1))], add)).toMatchObject({
    data: EMPTY,
    behind: true,
  });
});

test("publications of several channels are folded in the order in which they came, tagged with their channel", () => {
  const first = logOf(0, 1);
  const second = logOf(0, 1);
  const feeds = [flowing(grow(first, 2)), flowing(second)];
  const tell = (data: Data, publication: unknown) => add(data, JSON.stringify(publication));
  const positions = [{ ...at(0), of: "Orders" }, at(0, "a", "stock:1")];
  const fold = advance(startFold(EMPTY, positions), feeds, tell);
  expect(fold.data.seen).toEqual([
    '{"channel":"Orders","data":"p1"}',
    '{"channel":"stock:1","data":"p1"}',
    '{"channel":"Orders","data":"p2"}',
  ]);
  expect(fold.positions.map(({ offset }) => offset)).toEqual([2, 1]);
});

test("one of several declared channels alone is tagged as they all are", () => {
  const tagged = { ...at(0), of: "Room", tagged: true };
  const seen: unknown[] = [];
  advance(startFold(EMPTY, [tagged]), [flowing(logOf(0, 1))], (data, publication) => {
    seen.push(publication);
    return data;
  });
  expect(seen).toEqual([{ channel: "Room", data: "p1" }]);
});

test("without a reducer data is behind as soon as anything is newer than it", () => {
  const log = logOf(2, 3);
  expect(isBehind([at(2)], [flowing(log)])).toBe(true);
  expect(isBehind([at(3)], [flowing(log)])).toBe(false);
  expect(isBehind([at(1)], [flowing(log)])).toBe(true);
  expect(isBehind([at(1)], [{ log: null, flowing: false }])).toBe(false);
});

test("however new data and publications interleave, each publication is in the data exactly once", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("arrive" as const), count: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ kind: fc.constant("load" as const), lead: fc.integer({ min: 0, max: 3 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let log = logOf(0);
      let fold = startFold(EMPTY, [at(0)]);
      const upTo = (end: number) => Array.from({ length: end }, (_, i) => `p${i + 1}`);
      for (const each of steps) {
        const known = log.start + log.entries.length;
        if (each.kind === "arrive") log = grow(log, ...upTo(each.count).map((_, i) => known + 1 + i));
        // A loader never knows less than what had been published when it was asked.
        else fold = startFold({ seen: upTo(known + each.lead) }, [at(known + each.lead)]);
        fold = advance(fold, [flowing(log)], add);
        const reached = fold.positions[0]?.offset ?? 0;
        expect(reached).toBeGreaterThanOrEqual(log.start + log.entries.length);
        expect(fold.data.seen).toEqual(upTo(reached));
      }
    }),
  );
});
