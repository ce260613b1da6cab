import { afterEach, expect, test, vi } from "vitest";
import { checked, equal } from "./checked.js";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test("a reducer that appends is named, once, with its route", () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  const append = checked((list: number[], item) => [...list, Number(item)], "routes/appends");
  expect(append([1], 2)).toEqual([1, 2]);
  append([1, 2], 3);
  expect(warn).toHaveBeenCalledOnce();
  expect(warn.mock.lastCall?.[0]).toContain('"routes/appends"');
});

test("an idempotent reducer is not mentioned", () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  checked((_: { n: number }, item) => ({ n: Number(item) }), "routes/sets")({ n: 1 }, 2);
  expect(warn).not.toHaveBeenCalled();
});

test("production applies a publication once", () => {
  vi.stubEnv("NODE_ENV", "production");
  const apply = vi.fn((list: number[]) => list);
  checked(apply, "routes/production")([], 1);
  expect(apply).toHaveBeenCalledOnce();
});

test("equality is that of JSON values", () => {
  expect(equal({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
  expect(equal({ a: 1 }, { a: 1, b: undefined })).toBe(false);
  expect(equal([], {})).toBe(false);
  expect(equal({ a: undefined }, { b: undefined })).toBe(false);
  expect(equal(null, {})).toBe(false);
});
