import type { DataRouteMatch, DataRouteObject, Location, StaticHandler, StaticHandlerContext } from "react-router";
import { boundaryErrors, notFound, type RemoteError, type RouteError } from "../errors.js";
import { firstData, notFoundRoute } from "../routes.js";

/** What Python has loaded for a page. */
export interface RenderInput {
  /** Path and query. */
  readonly url: string;
  readonly loaderData: Readonly<Record<string, unknown>>;
  readonly actionData: Readonly<Record<string, unknown>> | null;
  /** By the id of the route that threw. */
  readonly errors: Readonly<Record<string, RemoteError>> | null;
  readonly notFound: boolean;
  /** What inline scripts and styles carry so that the document's Content Security Policy lets them pass. */
  readonly nonce?: string | null;
  /** Where the application is mounted, such as `/shop`; empty at the root. `url` is below it. */
  readonly root?: string;
}

/**
 * What `createStaticHandler().query()` would have made of the same data, made by hand: without Request, Response
 * and AbortController, which bare V8 lacks, and without a promise, which would cost a second crossing into V8.
 *
 * This file knows React Router from the inside, and no other does; its version is pinned.
 */
export function staticContext(handler: StaticHandler, input: RenderInput): StaticHandlerContext {
  const location = locationOf(input.url);
  const found = input.notFound ? null : handler.match(location);
  const matches = found ?? notFoundMatches(handler.dataRoutes);
  const errors = found ? boundaryErrors(found, input.errors) : notFoundErrors(matches, location);
  const loaderData = found ? shownData(found, input) : {};
  const root = input.root ?? "";
  return {
    basename: root || "/",
    location: { ...location, pathname: root + location.pathname },
    matches,
    loaderData,
    actionData: errors ? null : input.actionData,
    errors,
    statusCode: 200, // Python answers with the status that it has decided on
    loaderHeaders: {},
    actionHeaders: {},
    _match: handler.match,
  };
}

function locationOf(url: string): Location {
  const { pathname, search } = new URL(url, "http://localhost");
  return { pathname, search, hash: "", state: null, key: "default" };
}

function notFoundMatches(routes: DataRouteObject[]): DataRouteMatch[] {
  const route = notFoundRoute(routes);
  return route ? [{ params: {}, pathname: "", pathnameBase: "", route }] : [];
}

function notFoundErrors(matches: readonly DataRouteMatch[], { pathname }: Location): Record<string, RouteError> {
  return Object.fromEntries(matches.map(({ route }) => [route.id, notFound(pathname)]));
}

function shownData(matches: readonly DataRouteMatch[], { loaderData, errors }: RenderInput) {
  const ids = matches.map(({ route }) => route.id).filter((id) => id in loaderData && !errors?.[id]);
  return firstData(routesOf(matches), Object.fromEntries(ids.map((id) => [id, loaderData[id]])));
}

function routesOf(matches: readonly DataRouteMatch[]): DataRouteObject[] {
  return matches.map(({ route }) => route);
}
