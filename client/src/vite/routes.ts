import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "vite";
import type { RouteNode } from "./entries.js";

/** The routes as Python has written them down. */
export function readRoutes(root: string): readonly RouteNode[] {
  const file = join(root, ".offhook", "routes.json");
  if (!existsSync(file))
    throw new Error(`${file} is missing: run "offhook build", which writes it from the routes.`);
  const { routes } = JSON.parse(readFileSync(file, "utf8")) as { routes: readonly RouteNode[] };
  return routes;
}

/** The views that say in so many words that they have a `clientLoader`; behind an `export *` nobody looks. */
export function withClientLoader(root: string, views: readonly string[]): ReadonlySet<string> {
  return new Set(views.filter((view) => exportsOf(join(root, view)).includes("clientLoader")));
}

function exportsOf(file: string): readonly (string | null)[] {
  if (!existsSync(file)) return []; // the bundler says so, and where it was wanted
  const { staticExports } = parseSync(file, readFileSync(file, "utf8")).module;
  const entries = staticExports.flatMap(({ entries }) => entries);
  return entries.filter(({ isType }) => !isType).map(({ exportName }) => exportName.name);
}
