import type { ComponentType } from "react";
import type {
  ActionFunctionArgs,
  LoaderFunction,
  LoaderFunctionArgs,
  RouteObject,
  ShouldRevalidateFunction,
} from "react-router";
import { DefaultErrorBoundary } from "./DefaultErrorBoundary.js";
import { inRoute } from "./hooks/useRouteId.js";
import { warnOfUnread } from "./unread.js";

/** What a clientLoader gets. */
export interface ClientLoaderArgs extends LoaderFunctionArgs {
  /** Asks the loader in Python. What that throws, such as a redirect, is thrown here. */
  readonly serverLoader: <Data = unknown>() => Promise<Data>;
}

/** What a clientAction gets. */
export interface ClientActionArgs extends ActionFunctionArgs {
  /** Asks the action in Python. What that throws, such as a redirect, is thrown here. */
  readonly serverAction: <Data = unknown>() => Promise<Data>;
}

/** Loads a route's data in the browser. */
export interface ClientLoader {
  (args: ClientLoaderArgs): unknown;
  /** Also runs when a document has arrived. Where Python has no loader it always does. */
  hydrate?: boolean;
}

/** Handles a submission in the browser. */
export type ClientAction = (args: ClientActionArgs) => unknown;

/** The exports of a view (`routes/room.tsx`). */
export interface ViewModule {
  readonly default?: ComponentType;
  readonly ErrorBoundary?: ComponentType;
  readonly HydrateFallback?: ComponentType;
  readonly handle?: unknown;
  readonly shouldRevalidate?: ShouldRevalidateFunction;
  readonly clientLoader?: ClientLoader;
  readonly clientAction?: ClientAction;
}

/** A route as the Vite plugin writes it: with its view at hand (server), or on demand (browser). */
export interface RouteEntry {
  readonly id: string;
  readonly path?: string;
  readonly index?: boolean;
  /** Whether the route has one in Python. */
  readonly loader: boolean;
  readonly action: boolean;
  /** Whether the view is known to have a `clientLoader` before it is loaded. */
  readonly clientLoader?: boolean;
  readonly view?: ViewModule | (() => Promise<ViewModule>);
  readonly children?: readonly RouteEntry[];
}

/** Asks the server for what one handler of one route answers. The data strategy gives it to React Router's handlers. */
export type AskServer = () => Promise<unknown>;

// What React Router takes for a route's handler: it does as the data strategy says.
const remote = (_: unknown, ask: unknown) => (ask as AskServer)();

const own = new WeakSet<object>();

/** Whether a route's loader is the view's, which asks the server when and if it wants to. */
export function isOwn({ loader, lazy }: Pick<RouteObject, "loader" | "lazy">): boolean {
  const known = loader ?? lazy;
  return typeof known === "function" && own.has(known);
}

/** A view could not be loaded: the server has another build by now, or there is no network. */
export class MissingView extends Error {}

export function routeObjects(entries: readonly RouteEntry[]): RouteObject[] {
  return entries.map((entry) => routeObject(entry, true));
}

function routeObject(entry: RouteEntry, isRoot: boolean): RouteObject {
  const { id, path, view } = entry;
  const common = { id, ...(path === undefined ? {} : { path }) };
  const known = typeof view === "function" ? {} : properties(entry, view ?? {}, isRoot);
  const children = entry.children?.map((child) => routeObject(child, false));
  const route: RouteObject = entry.index
    ? { ...common, ...known, index: true }
    : { ...common, ...known, ...(children ? { children } : {}) };
  if (typeof view === "function") {
    const lazy = async () => {
      const loaded = properties(entry, await load(entry), isRoot);
      Object.assign(route, loaded); // React Router has a copy of the route; this one is what `prefetch` looks at
      return loaded;
    };
    if (entry.clientLoader) own.add(lazy);
    route.lazy = lazy;
  }
  return route;
}

const viewErrors = new WeakSet<object>();

/** Whether importing a view has failed with this error. */
export function isViewError(error: unknown): boolean {
  return typeof error === "object" && error !== null && viewErrors.has(error);
}

async function load({ id, view = {} }: RouteEntry): Promise<ViewModule> {
  if (typeof view !== "function") return view;
  const attempt = () =>
    view().catch((error: unknown) => {
      if (typeof error === "object" && error !== null) viewErrors.add(error);
      throw error;
    });
  return attempt().catch(async (cause) => {
    // What a module throws while it runs is kept and thrown by each import; one that is not there is a new failure.
    if (cause === (await attempt().then(undefined, (again: unknown) => again))) throw cause;
    throw new MissingView(`The view of route "${id}" could not be loaded.`, { cause });
  });
}

function properties(entry: RouteEntry, view: ViewModule, isRoot: boolean) {
  warnOfUnread(entry.id, view);
  const boundary = view.ErrorBoundary ?? (isRoot ? DefaultErrorBoundary : undefined);
  return {
    ...handlers(entry, view),
    ...(view.default ? { Component: inRoute(entry.id, view.default) } : {}),
    ...(boundary ? { ErrorBoundary: boundary } : {}),
    ...(view.HydrateFallback ? { HydrateFallback: view.HydrateFallback } : {}),
  };
}

/** What React Router takes from a view but its components. */
export function handlers(entry: RouteEntry, view: ViewModule) {
  const loader = loaderOf(entry, view);
  const action = actionOf(entry, view);
  return {
    ...(loader ? { loader } : {}),
    ...(action ? { action } : {}),
    ...(view.handle === undefined ? {} : { handle: view.handle }),
    ...(view.shouldRevalidate ? { shouldRevalidate: view.shouldRevalidate } : {}),
  };
}

function loaderOf({ loader }: RouteEntry, { clientLoader }: ViewModule): LoaderFunction | undefined {
  if (!clientLoader) return loader ? remote : undefined;
  const run: LoaderFunction = (args, ask) =>
    clientLoader({ ...args, serverLoader: ask as ClientLoaderArgs["serverLoader"] }) as ReturnType<LoaderFunction>;
  run.hydrate = clientLoader.hydrate === true || !loader;
  own.add(run);
  return run;
}

function actionOf({ action }: RouteEntry, { clientAction }: ViewModule): RouteObject["action"] {
  if (!clientAction) return action ? remote : undefined;
  return (args, ask) => {
    const request = args.request.clone(); // its body may be read here, and once more for the server
    return clientAction({ ...args, request, serverAction: ask as ClientActionArgs["serverAction"] });
  };
}

/** The ids of the routes that have a loader in Python. */
export function withLoader(entries: readonly RouteEntry[]): ReadonlySet<string> {
  const ids = (entry: RouteEntry): readonly string[] => [
    ...(entry.loader ? [entry.id] : []),
    ...(entry.children ?? []).flatMap(ids),
  ];
  return new Set(entries.flatMap(ids));
}

type Handlers = Pick<RouteObject, "id" | "loader" | "HydrateFallback">;

/** The data with which a document shows its first picture: what a clientLoader is going to replace is left out. */
export function firstData<Data>(
  matched: readonly Handlers[],
  loaderData: Readonly<Record<string, Data>>,
): Record<string, Data> {
  const waiting = matched.filter((route) => hydrates(route) && showsFallback(route)).map(({ id }) => id);
  return Object.fromEntries(Object.entries(loaderData).filter(([id]) => !waiting.includes(id)));
}

/**
 * Gives each route whose data may still have to come a fallback that shows nothing, where no view says what to show.
 * React Router would show nothing of the whole page, and a document without `<html>` is none.
 *
 * It depends on the routes alone: on the server one table renders the pages of all visitors.
 */
export function cover(routes: readonly RouteObject[], isCovered = false): void {
  for (const route of routes) {
    const covered = isCovered || showsFallback(route);
    if (!covered && hydrates(route)) route.HydrateFallback = Nothing;
    if (route.children) cover(route.children, covered);
  }
}

function showsFallback({ HydrateFallback }: Handlers): boolean {
  return Boolean(HydrateFallback) && HydrateFallback !== Nothing;
}

function hydrates({ loader }: Handlers): boolean {
  return typeof loader === "function" && loader.hydrate === true;
}

function Nothing() {
  return null;
}

/** The route whose boundary shows that no route matches, chosen as React Router chooses it. */
export function notFoundRoute<Route extends RouteObject>(routes: readonly Route[]): Route | undefined {
  return routes.length === 1
    ? routes[0]
    : routes.find((route) => route.index || !route.path || route.path === "/");
}
