import { expect, test } from "vitest";
import { remember, upsert } from "./upsert.js";

test("a new item comes last, a known one stays where it is", () => {
  const list = [
    { id: 1, text: "a" },
    { id: 2, text: "b" },
  ];
  expect(upsert(list, { id: 3, text: "c" }).map(({ text }) => text)).toEqual(["a", "b", "c"]);
  expect(upsert(list, { id: 1, text: "A" }).map(({ text }) => text)).toEqual(["A", "b"]);
});

test("twice is the same as once, also with a key of one's own", () => {
  const once = upsert([{ slug: "a" }], { slug: "b" }, "slug");
  expect(upsert(once, { slug: "b" }, "slug")).toEqual(once);
});

test("a publication knows the key and the version of its channel; an older one never replaces a newer one", () => {
  const list = [{ slug: "a", rev: 5 }];
  const [older, newer, other] = [
    { slug: "a", rev: 4 },
    { slug: "a", rev: 6 },
    { slug: "b", rev: 1 },
  ];
  for (const item of [older, newer, other]) remember(item, { key: "slug", version: "rev" });
  expect(upsert(list, older)).toEqual(list);
  expect(upsert(list, newer)).toEqual([newer]);
  expect(upsert(upsert(list, newer), older)).toEqual([newer]);
  expect(upsert(list, other)).toEqual([...list, other]);
});

test("key and version may be named, and what is named wins", () => {
  const list = [{ slug: "a", at: "2026-02-01" }];
  const older = { slug: "a", at: "2026-01-31" };
  expect(upsert(list, older, "slug", "at")).toEqual(list);
  expect(upsert(list, older, "slug")).toEqual([older]);
  remember(older, { version: "at" });
  expect(upsert(list, older, "slug")).toEqual(list);
});

test("versions that cannot be compared do not hold anything back", () => {
  const list = [{ id: 1, rev: 7 as unknown }];
  for (const rev of ["6", null, undefined, {}]) {
    expect(upsert(list, { id: 1, rev }, "id", "rev")).toEqual([{ id: 1, rev }]);
  }
});

test("an item without a key says what to do", () => {
  expect(() => upsert([{ slug: "a" }], { slug: "b" })).toThrow('upsert(list, item, "slug")');
});
