import { leave } from "./browser/leave.js";
import type { PageData } from "./browser/page.js";
import { type OpenPage, start } from "./browser/start.js";
import { socketAddress } from "./line/address.js";
import { LazyLine } from "./line/lazy.js";
import type { Line } from "./line/line.js";
import type { RouteEntry } from "./routes.js";

export { follow } from "./browser/development.js";
export type { RouteEntry, ViewModule } from "./routes.js";

/** Makes the document that the server has rendered come to life. */
export function hydrate(routes: readonly RouteEntry[]): Promise<OpenPage> {
  return start(routes, { connect, leave });
}

function connect({ build, line, live = {} }: PageData, onBuild: (build: unknown) => void): Line {
  const address = socketAddress(line?.url ?? "/connection/websocket");
  const lazy = new LazyLine(async () => {
    const { CentrifugeLine } = await import("./line/centrifuge.js");
    return new CentrifugeLine(address, { data: { build }, onConnected: (data) => onBuild(buildOf(data)) });
  });
  if (Object.keys(live).length > 0) void lazy.prepare();
  return lazy;
}

function buildOf(data: unknown): unknown {
  return typeof data === "object" && data !== null && "build" in data ? data.build : undefined;
}
