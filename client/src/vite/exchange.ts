import { realpathSync } from "node:fs";
import { join } from "node:path";
import { normalizePath, type Plugin } from "vite";
import { viewsOf } from "./entries.js";
import { readRoutes } from "./routes.js";

/** The id that Vite gives to a view. */
export function viewId(root: string, view: string): string {
  return normalizePath(join(realpathSync(root), view));
}

/**
 * Tells the page what an edited view exports now, beside React Refresh, which looks at components alone
 * (`browser/development.ts`).
 */
export function exchange(entry: string): Plugin {
  let root = "";
  const isView = (file: string) => viewsOf(readRoutes(root)).some((view) => viewId(root, view) === file);
  return {
    name: "offhook:exchange",
    apply: "serve",
    enforce: "post",
    configResolved(config) {
      root = config.root;
    },
    transform: {
      filter: { id: { include: /\.[jt]sx?$/, exclude: /\/node_modules\// } },
      handler(code, id) {
        // A module that React Refresh leaves alone is one for which the page has to be loaded anew.
        if (!code.includes("import.meta.hot.accept(") || !isView(id)) return undefined;
        return { code: `${code}\n${telling(id)}`, map: null };
      },
    },
    hotUpdate({ file, modules }) {
      const { moduleGraph } = this.environment;
      const page = moduleGraph.getModuleById(entry);
      if (page && isView(file)) moduleGraph.invalidateModule(page); // which knows what the views export
      // The style sheets of the first picture are in no page any more; nobody else would take their update.
      return modules.filter(({ url }) => !/[?&]direct\b/.test(url));
    },
  };
}

function telling(id: string): string {
  const detail = `[${JSON.stringify(id)}, view]`;
  return `import.meta.hot.accept((view) => view && dispatchEvent(new CustomEvent("offhook:view", { detail: ${detail} })));\n`;
}
