// @vitest-environment jsdom
import { expect, test } from "vitest";
import { valueFor } from "./outcome.js";

const SCRIPTS = [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "java\tscript:alert(1)",
  " javascript:x",
  "data:text/html,x",
];

test.each(SCRIPTS)("a redirect to %j is an error", (to) => {
  expect(() => valueFor({ redirect: { to, external: true } }, "room")).toThrow("is not followed");
});

test.each(["/lobby", "https://example.test/", "//example.test/"])("a redirect to %s is followed", (to) => {
  let thrown: unknown;
  try {
    valueFor({ redirect: { to, external: true } }, "room");
  } catch (error) {
    thrown = error;
  }
  expect((thrown as Response).headers.get("location")).toBe(to);
});
