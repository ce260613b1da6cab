import { existsSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { normalizePath, type Plugin, type ViteDevServer } from "vite";

/** What `offhook dev` says, one JSON object a line, on the standard input. */
type Told =
  | { readonly type: "saved"; readonly files: readonly string[] }
  | { readonly type: "reloaded"; readonly routes: boolean }
  | { readonly type: "failed"; readonly message: string; readonly stack: string };

let input: Interface | undefined; // outlives a server that Vite exchanges because its configuration was edited

/** Lets `offhook dev` reach Vite, and the open pages through Vite's own socket, and ends Vite with it. */
export function development(entry: string): Plugin {
  const isDriven = process.env.OFFHOOK_DEV !== undefined;
  return {
    name: "offhook:development",
    apply: "serve",
    // Vite's watcher forgets what is saved twice within 50 ms, and documents would not wait for what it sees first.
    // Pages come from the same origin as their modules.
    config: () => (isDriven ? { server: { watch: null, cors: false } } : {}),
    configureServer(server) {
      if (!isDriven) return;
      input ??= createInterface({ input: process.stdin });
      input.removeAllListeners();
      input.on("line", (line) => tell(server, entry, JSON.parse(line) as Told));
      input.on("close", () => void server.close().finally(() => process.exit()));
      server.middlewares.use((request, response, next) => {
        if (isImported(server, request.url ?? "")) return next();
        response.statusCode = 404;
        response.end();
      });
    },
  };
}

/**
 * Whether a module imports what an address with "?import" names; Vite knows each import before a browser asks for it.
 * `offhook dev` passes files on that are no scripts, styles or media (JSON, text) only with that query.
 */
function isImported({ config, environments }: ViteDevServer, address: string): boolean {
  const { pathname, searchParams } = new URL(address, "http://localhost");
  if (!searchParams.has("import")) return true;
  const path = decodeURI(pathname);
  const file = path.startsWith("/@fs/") ? path.slice("/@fs".length) : `${config.root}${path}`;
  const { moduleGraph } = environments.client;
  return (moduleGraph.getModulesByFile(normalizePath(file))?.size ?? 0) > 0;
}

function tell(server: ViteDevServer, entry: string, told: Told): void {
  const { hot, moduleGraph } = server.environments.client;
  if (told.type === "saved") {
    for (const file of told.files) saved(server, normalizePath(file));
    hot.send({ type: "custom", event: "offhook:saved" });
  } else if (told.type === "failed") {
    const { message, stack } = told;
    hot.send({ type: "error", err: { message, stack, plugin: "offhook" } });
  } else if (told.routes) {
    const module = moduleGraph.getModuleById(entry);
    if (module) moduleGraph.invalidateModule(module);
    hot.send({ type: "full-reload" });
  } else {
    hot.send({ type: "custom", event: "offhook:reloaded" });
  }
}

/** In place of Vite's watcher. A file that some module could not find yet is new to it, whoever knows it already. */
function saved({ watcher, environments }: ViteDevServer, file: string): void {
  const isKnown = environments.client.moduleGraph.getModulesByFile(file) !== undefined;
  if (!existsSync(file)) watcher.emit("unlink", file);
  else watcher.emit(isKnown ? "change" : "add", file);
}
