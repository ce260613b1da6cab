import { expect, test, vi } from "vitest";
import { leave } from "./leave.js";

const HERE = "http://book.test/desk?second#top";

test.each([
  [HERE, "reload"],
  ["http://book.test/desk?second", "reload"],
  ["http://book.test/desk?second#below", "reload"],
  ["http://book.test/desk#top", "assign"],
  ["http://book.test/", "assign"],
])("leaving for %s is a way to get a document: %s", (href, how) => {
  const here = { href: HERE, assign: vi.fn(), reload: vi.fn() };
  leave(href, here);
  expect([here.assign.mock.calls.length, here.reload.mock.calls.length]).toEqual(
    how === "assign" ? [1, 0] : [0, 1],
  );
});
