import { createInterface } from "node:readline";
import type { Plugin, ViteDevServer } from "vite";

/** What `offhook dev` says, one JSON object a line, on the standard input. */
type Told =
  | { readonly type: "reloaded"; readonly routes: boolean }
  | { readonly type: "failed"; readonly message: string; readonly stack: string };

/** Lets `offhook dev` reach the open pages through Vite's own socket, and ends Vite with it. */
export function development(entry: string): Plugin {
  return {
    name: "offhook:development",
    apply: "serve",
    configureServer(server) {
      if (process.env.OFFHOOK_DEV === undefined) return;
      const lines = createInterface({ input: process.stdin });
      lines.on("line", (line) => tell(server, entry, JSON.parse(line) as Told));
      lines.on("close", () => void server.close().finally(() => process.exit()));
    },
  };
}

function tell(server: ViteDevServer, entry: string, told: Told): void {
  const { hot, moduleGraph } = server.environments.client;
  if (told.type === "failed") {
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
