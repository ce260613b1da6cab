import { type DataRouter, matchRoutes, type RouteMatch, type RouteObject } from "react-router";
import { isOwn } from "../routes.js";
import { type Ahead, type Early, pageOf } from "./ahead.js";
import type { Server } from "./server.js";

/** Milliseconds for which data that was loaded for a link is good enough to be shown. */
const LIFETIME = 30_000;

/** Requests on their way at a time: a browser has few connections, and what is clicked must not wait. */
const AT_A_TIME = 2;

export interface PrefetchOptions {
  readonly routes: RouteObject[];
  readonly router: DataRouter;
  readonly server: Server;
  readonly ahead: Ahead;
  readonly loaders: ReadonlySet<string>;
  /** Where the application is mounted. */
  readonly basename: string;
}

/** Loads views, and the data that the next navigation to an address is going to need. */
export function createPrefetch(options: PrefetchOptions): (href: string) => void {
  const { routes, router, server, ahead, loaders, basename } = options;
  const limited = limit(AT_A_TIME);
  return (href) => {
    const url = new URL(href, location.href);
    const isHere = pageOf(url.href) === pageOf(location.href);
    if (url.origin !== location.origin || isHere || isSavingData() || ahead.has(pageOf(url.href))) return;
    const matches = matchRoutes(routes, url, basename) ?? [];
    for (const { route } of matches) loadView(route);
    const ids = matches.filter((match, i) => isNeeded(match, router.state.matches[i], url)).map(idOf);
    const needed = ids.filter((id) => loaders.has(id));
    if (needed.length === 0) return;
    const question = { request: new Request(url), routes: needed, after: [], isPrefetch: true };
    ahead.put(pageOf(url.href), { routes: needed, use: limited(() => server.foresee(question)) }, LIFETIME);
  };
}

/** Whether a navigation would run the route's loader; what the view decides when that is known is left to it. */
function isNeeded({ route, pathname, params }: RouteMatch, now: RouteMatch | undefined, { search }: URL): boolean {
  if (isOwn(route)) return false;
  const isSame = now && now.route.id === route.id && now.pathname === pathname && now.params["*"] === params["*"];
  return !isSame || (search !== location.search && !route.shouldRevalidate);
}

function loadView({ lazy }: RouteObject): void {
  if (typeof lazy === "function") lazy().catch(() => {}); // the navigation tries again
}

function isSavingData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
}

function idOf({ route }: RouteMatch): string {
  return route.id ?? "";
}

type Foreseeing = ReturnType<Server["foresee"]>;

/** Runs at most so many at a time. What is used before it had its turn is not waited for. */
function limit(most: number): (run: () => Foreseeing) => Early["use"] {
  const waiting = new Set<() => void>();
  let running = 0;
  const next = () => {
    const [first] = waiting;
    if (!first || running === most) return;
    waiting.delete(first);
    running += 1;
    first();
  };
  return (run) => {
    let coming: Foreseeing | undefined;
    const start = () => {
      coming = run().finally(() => {
        running -= 1;
        next();
      });
    };
    waiting.add(start);
    next();
    return async () => {
      waiting.delete(start);
      return (await coming)?.();
    };
  };
}
