import { realpathSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { isCSSRequest, type Plugin, type Rolldown } from "vite";
import { viewsOf } from "./entries.js";
import { viewId } from "./exchange.js";
import { readRoutes } from "./routes.js";

/**
 * Writes down which style sheets each view imports, beside the bundle for documents: in development styles arrive in
 * scripts, too late for a document's first picture, and not at all where there are no scripts.
 */
export function styles(): Plugin {
  let root = "";
  let file = "";
  return {
    name: "offhook:styles",
    apply: ({ mode }, { command, isSsrBuild }) =>
      command === "build" && isSsrBuild === true && mode === "development",
    configResolved(config) {
      root = realpathSync(config.root); // as the ids of modules are
      file = resolve(config.root, config.build.outDir, "styles.json");
    },
    async writeBundle() {
      const found = viewsOf(readRoutes(root)).map((view) => {
        const sheets = [...reached(this, viewId(root, view))].filter(isSheet);
        return [view, sheets.map((sheet) => address(root, sheet))];
      });
      await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(found)));
      await rename(`${file}.new`, file); // a document that is made meanwhile reads all of it
    },
  };
}

/** The modules that a module needs, and itself, in the order in which they run. */
function reached(graph: Rolldown.PluginContext, id: string, seen = new Set<string>()): ReadonlySet<string> {
  const run: string[] = [];
  const visit = (id: string): void => {
    if (seen.has(id)) return;
    seen.add(id);
    for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) visit(imported);
    run.push(id);
  };
  visit(id);
  return new Set(run);
}

// With a query it is a string or an address for whoever imports it.
function isSheet(id: string): boolean {
  return isCSSRequest(id) && !id.includes("?");
}

/** Where Vite's server has the style sheet, as such and not as a script. */
function address(root: string, id: string): string {
  const inside = relative(root, id);
  return `${encodeURI(inside.startsWith("..") ? `/@fs${id}` : `/${inside}`)}?direct`;
}
