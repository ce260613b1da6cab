import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withClientLoader } from "./routes.js";

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "offhook-"));
});
afterAll(() => rmSync(root, { recursive: true }));

function hasClientLoader(text: string): boolean {
  writeFileSync(join(root, "view.tsx"), text);
  return withClientLoader(root, ["view.tsx"]).has("view.tsx");
}

test.each([
  "export async function clientLoader({ serverLoader }: ClientLoaderArgs) { return <p /> }",
  "export const clientLoader = cached<Note>(60);",
  "const { load } = make(); export { load as clientLoader };",
  'export { clientLoader } from "./shared";',
  "export const [, { clientLoader }] = make();",
])("a view that says it has a clientLoader: %s", (text) => {
  expect(hasClientLoader(text)).toBe(true);
});

test.each([
  "export default () => <p>export const clientLoader = 1;</p>;",
  "// export const clientLoader = 1;",
  "export type clientLoader = () => void;",
  'export type { clientLoader } from "./shared";',
  'export * from "./shared";',
  "export { clientLoader as handle };",
  "export const = ", // the bundler complains
])("a view of which nobody knows that: %s", (text) => {
  expect(hasClientLoader(text)).toBe(false);
});

test("a view that is not there is the bundler's to complain of", () => {
  expect(withClientLoader(root, ["gone.tsx"])).toEqual(new Set());
});
