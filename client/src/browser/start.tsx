import { StrictMode, useEffect } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import {
  createBrowserRouter,
  createPath,
  type DataRouter,
  type DataStrategyFunction,
  matchRoutes,
  type RouteMatch,
  type RouteObject,
} from "react-router";
import { RouterProvider } from "react-router/dom";
import { boundaryErrors, marked } from "../errors.js";
import type { Line } from "../line/line.js";
import { PrefetchContext } from "../prefetching.js";
import { cover, firstData, notFoundRoute, type RouteEntry, routeObjects, withLoader } from "../routes.js";
import { Tab, TabContext } from "../tab.js";
import { Ahead, pageOf } from "./ahead.js";
import { keepingAnswers } from "./answers.js";
import { Build } from "./build.js";
import { createDataStrategy } from "./dataStrategy.js";
import { recoverMissingParts } from "./missing.js";
import { isRendered, type PageData, readPage } from "./page.js";
import { createPrefetch } from "./prefetch.js";
import { Server } from "./server.js";
import { Typed } from "./typed.js";

declare global {
  interface Window {
    /** Where React Router looks for the data that the document came with. */
    __staticRouterHydrationData?: unknown;
  }
}

export interface Surroundings {
  /** The line of a page; `onBuild` is to be called with the build that the server says it runs. */
  readonly connect: (page: PageData, onBuild: (build: unknown) => void) => Line;
  /** Loads another document. */
  readonly leave: (href: string) => void;
}

/** A page that is alive. */
export interface OpenPage {
  readonly root: Root;
  readonly router: DataRouter;
  /** Runs all of its loaders again, also where `shouldRevalidate` sees no need: it knows nothing of edits. */
  readonly reload: () => void;
}

/** Takes over the document that the server has rendered: from here on it is a React application. */
export async function start(entries: readonly RouteEntry[], { connect, leave }: Surroundings): Promise<OpenPage> {
  const page = readPage(document);
  const routes = routeObjects(entries);
  const { root = "" } = page;
  const basename = root || "/";
  const matches = matchRoutes(routes, location, basename) ?? [];
  await loadViews(routes, matches, page);
  cover(routes);

  const build = new Build(page.build);
  const line = connect(page, (seen) => build.saw(seen));
  const tab = new Tab(line, root);
  tab.isFor(page.line?.user);
  tab.views.receive(page.loaderData, page.live);

  const ahead = new Ahead();
  const shared = { tab, ahead, server: new Server(tab, build, leave, root), loaders: withLoader(entries) };
  const hydrated = Promise.withResolvers<void>();
  let created: DataRouter | undefined;
  const destination = (url: string) => url + (created?.state.navigation.location?.hash ?? "");
  const shown = () => pageOf(created ? location.origin + createPath(created.state.location) : location.href);
  const dataStrategy = after(hydrated.promise, createDataStrategy({ ...shared, build, shown, destination }));
  window.__staticRouterHydrationData = hydrationData(matches, page);
  ahead.put(pageOf(location.href), arrived(page), 0);
  created = createBrowserRouter(routes, { basename, dataStrategy });
  const router = keepingAnswers(created);
  recoverMissingParts(page.build, leave);
  tab.reloads.connect(router);
  reloadOnReturn(tab);
  const typed = new Typed(document);
  void hydrated.promise.then(() => typed.restore());
  const mounted = show(
    <StrictMode>
      <TabContext value={tab}>
        <PrefetchContext value={createPrefetch({ ...shared, routes, router, basename })}>
          <RouterProvider router={router} />
        </PrefetchContext>
        <Hydrated then={hydrated.resolve} />
      </TabContext>
    </StrictMode>,
  );
  return { root: mounted, router, reload: () => tab.reloads.all() };
}

/** A page from the back/forward cache is as old as that, and its user may have signed out since. */
function reloadOnReturn(tab: Tab): void {
  addEventListener("pageshow", ({ persisted }) => persisted && tab.reloads.all());
}

/** Hydrates what the server has rendered; where it has not, the page is rendered here. */
function show(page: React.ReactNode): Root {
  if (isRendered(document)) return hydrateRoot(document, page);
  const root = createRoot(document);
  root.render(page);
  return root;
}

/** Nothing new is shown before: the first rendering in the browser has to equal the server's. */
function after(hydrated: Promise<void>, strategy: DataStrategyFunction): DataStrategyFunction {
  return async (args) => {
    const results = strategy(args); // begins at once
    await hydrated;
    return results;
  };
}

/** Lets style sheets and browser tests see that the document has come to life, whichever view makes it. */
function Hydrated({ then }: { readonly then: () => void }) {
  useEffect(() => {
    const root = document.documentElement;
    const mark = () => root.toggleAttribute("data-hydrated", true);
    // A boundary's or a fallback's <html> is the same element for React, with other attributes.
    const observer = new MutationObserver(mark);
    observer.observe(root, { attributeFilter: ["data-hydrated"] });
    mark();
    then();
    return () => observer.disconnect();
  }, [then]);
  return null;
}

/** What the loaders in Python have answered for the document, for views that load it in the browser. */
function arrived({ loaderData }: PageData) {
  const results = Object.entries(loaderData).map(([id, data]) => [id, { data }]);
  return { routes: Object.keys(loaderData), use: async () => ({ results: Object.fromEntries(results) }) };
}

function hydrationData(matches: readonly RouteMatch[], page: PageData) {
  const routes = matches.map(({ route }) => route);
  const loaderData = firstData(routes, page.loaderData);
  // Where the server has rendered nothing it has not looked for boundaries either.
  const errors = isRendered(document) ? (page.errors ?? null) : marked(boundaryErrors(matches, page.errors));
  return { loaderData, actionData: page.actionData ?? null, errors };
}

// React Router would show a fallback for a view that is not there yet, and not what the server has rendered.
async function loadViews(routes: RouteObject[], matches: readonly RouteMatch[], page: PageData): Promise<void> {
  const needed = new Set([...matches.map(({ route }) => route), notFoundRoute(routes)]);
  const [outermost] = needed;
  if (!isRendered(document) && !page.errors) {
    await loadView(outermost);
    if (outermost?.HydrateFallback) return;
  }
  await Promise.all([...needed].map(loadView));
}

async function loadView(route: RouteObject | undefined): Promise<void> {
  if (typeof route?.lazy !== "function") return;
  await route.lazy();
  delete route.lazy;
}
