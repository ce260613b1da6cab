import { expect, test } from "vitest";
import { milliseconds } from "./duration.js";

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["1.5m", 90_000],
  ["2h", 7_200_000],
] as const)("%s is %d milliseconds", (text, expected) => {
  expect(milliseconds(text)).toBe(expected);
});

test.each(["", "30", "s", "-1s", "1 s", "1e3s", "1d"])("%j is refused with an example", (text) => {
  expect(() => milliseconds(text as "1s")).toThrow('write "30s"');
});
