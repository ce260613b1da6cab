import fc from "fast-check";
import { expect, test } from "vitest";
import { after, append, begin, type Entry, type Log, reaches, top, trim } from "./log.js";

const entry = (offset: number): Entry => ({ offset, data: offset, order: offset });
const filled = (start: number, end: number): Log => {
  const offsets = Array.from({ length: end - start }, (_, i) => start + 1 + i);
  return offsets.map(entry).reduce(append, begin({ epoch: "a", offset: start }));
};
const offsets = (entries: readonly Entry[]) => entries.map((each) => each.offset);

test("an entry that follows is appended", () => {
  expect(offsets(append(filled(3, 5), entry(6)).entries)).toEqual([4, 5, 6]);
});

test("a known entry returns the very same log", () => {
  const log = filled(3, 5);
  expect(append(log, entry(5))).toBe(log);
  expect(append(log, entry(1))).toBe(log);
});

test("an entry after a hole starts the log anew", () => {
  const log = append(filled(3, 5), entry(8));
  expect(log).toMatchObject({ start: 7, epoch: "a" });
  expect(offsets(log.entries)).toEqual([8]);
  expect(reaches(log, { epoch: "a", offset: 5 })).toBe(false);
});

test("a log reaches every position from its start on, also one that is ahead of it", () => {
  const log = filled(3, 5);
  expect([2, 3, 5, 9].map((offset) => reaches(log, { epoch: "a", offset }))).toEqual([false, true, true, true]);
  expect(reaches(log, { epoch: "b", offset: 5 })).toBe(false);
  expect(after(log, 9)).toEqual([]);
});

test("trimming keeps the newest, and everything after the floor", () => {
  expect(offsets(trim(filled(0, 10), 3).entries)).toEqual([8, 9, 10]);
  expect(offsets(trim(filled(0, 10), 3, 5).entries)).toEqual([6, 7, 8, 9, 10]);
  expect(trim(filled(0, 3), 3)).toEqual(filled(0, 3));
});

test("whatever arrives, a log has no hole and no repetition, and its newest entry is the newest that came", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 })), fc.integer({ min: 1, max: 5 }), (arrivals, limit) => {
      const log = arrivals.reduce((grown, offset) => trim(append(grown, entry(offset)), limit), filled(0, 0));
      expect(offsets(log.entries)).toEqual(log.entries.map((_, i) => log.start + 1 + i));
      expect(log.entries.length).toBeLessThanOrEqual(limit);
      expect(top(log)).toBe(Math.max(0, ...arrivals));
    }),
  );
});
