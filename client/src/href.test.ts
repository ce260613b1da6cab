import fc from "fast-check";
import { matchRoutes } from "react-router";
import { expect, expectTypeOf, test } from "vitest";
import { href } from "./href.js";

/** The parameters that the route gets when a browser goes to the address. */
function arrived(path: string, address: string) {
  const { pathname } = new URL(address, "http://localhost");
  return matchRoutes([{ path }], pathname)?.[0]?.params;
}

const anything = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(..."ab/.%2F?#\\ &+;é\u2028\n") }),
);

test.each(["/rooms/:it", "/rooms/:it?", "/:it/log", "/files/:it.json", "/files/*"])(
  "%s gets any value back as it was, or says that there is no address for it",
  (path) => {
    const name = path.endsWith("*") ? "*" : "it";
    fc.assert(
      fc.property(anything, (value) => {
        let address: string;
        try {
          address = href(path, { [name]: value });
        } catch (error) {
          expect(String(error)).toContain("No address");
          return;
        }
        expect(arrived(path, address)).toEqual({ [name]: value });
      }),
      { numRuns: 500 },
    );
  },
);

test.each(["", ".", "..", "%2F", "\ud800"])("no address can have %j", (value) => {
  expect(() => href("/rooms/:id", { id: value })).toThrow("No address");
});

test("optional segments, splats and numbers", () => {
  expect(href("/:lang?/about")).toBe("/about");
  expect(href("/:lang?/about", { lang: "en" })).toBe("/en/about");
  expect(href("/draft?/:id", { id: 7 })).toBe("/draft/7");
  expect(href("/files/*", { "*": "a b/c" })).toBe("/files/a%20b/c");
  expect(() => href("/rooms/:id")).toThrow("requires param 'id'");
});

test("a splat cannot lead to another host", () => {
  expect(() => href("/*", { "*": "/example.com" })).toThrow("No address");
});

test("without generated types every address is accepted", () => {
  expectTypeOf(href).toBeCallableWith("/anything/:id", { id: 1 });
  expectTypeOf(href).toBeCallableWith("/anything");
});
