import * as router from "react-router";
import { expect, test } from "vitest";
import * as offhook from "./index.js";

const DEFERRED = ["Await", "useAsyncError", "useAsyncValue"];

test("React Router's stable names are exported, but for those of deferred data", () => {
  const names = Object.keys(router).filter((name) => !/^(UNSAFE_|unstable_|default$|module\.exports$)/.test(name));
  const exported = Object.keys(offhook);
  expect(names.filter((name) => !exported.includes(name))).toEqual(DEFERRED);
  expect(exported.filter((name) => /^(UNSAFE_|unstable_)/.test(name))).toEqual([]);
});
