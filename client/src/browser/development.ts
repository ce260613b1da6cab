import type { DataRouteObject } from "react-router";
import { handlers, isOwn, type RouteEntry, type ViewModule } from "../routes.js";
import type { OpenPage } from "./start.js";

declare global {
  interface Window {
    /** Asked by React Refresh: the exports of a module that are no components, and none of its business. */
    __getReactRefreshIgnoredExports?: (module: { readonly id: string }) => readonly string[];
  }
  interface WindowEventMap {
    /** A view was edited (`vite/exchange.ts`): its file, and what it exports now. */
    "offhook:view": CustomEvent<readonly [file: string, view: ViewModule]>;
  }
}

/** The part of Vite's `import.meta.hot` that is used here. */
export interface Hot {
  on(event: string, then: () => void): void;
}

export interface Sources {
  readonly routes: readonly RouteEntry[];
  /** The file of each route's view, as Vite names it, by the route's id. */
  readonly files: Readonly<Record<string, string>>;
  readonly hot: Hot;
}

const NONE = { loader: undefined, action: undefined, handle: undefined, shouldRevalidate: undefined };
const IGNORED = ["clientLoader", "clientAction", "handle", "shouldRevalidate"];

/** While somebody develops: what is edited takes effect in the open page. In a production build nothing calls it. */
export function follow(opening: Promise<OpenPage>, { routes, files, hot }: Sources): void {
  const views = new Set(Object.values(files));
  window.__getReactRefreshIgnoredExports = ({ id }) => (views.has(id) ? IGNORED : []);
  addEventListener("offhook:view", async ({ detail: [file, view] }) => {
    const page = await opening;
    const edited = flat(routes).filter(({ id }) => files[id] === file);
    if (edited.filter((entry) => exchange(page, entry, view)).length > 0) reload(page);
  });
  hot.on("offhook:reloaded", async () => {
    // What was wrong is right again, and the loaders may answer differently.
    document.querySelector("vite-error-overlay")?.remove();
    reload(await opening);
  });
  void opening.then(dropLinks);
}

/** Gives the route its new handlers; the new components come from React Refresh. Whether the page shows too little. */
function exchange({ router }: OpenPage, entry: RouteEntry, view: ViewModule): boolean {
  Object.assign(entry, { view: async () => view }); // for a view that was loaded ahead and is still to be shown
  const route = flat(router.routes).find(({ id }) => id === entry.id);
  if (!route || route.lazy) return false;
  const before = isSeen(route);
  Object.assign(route, NONE, handlers(entry, view));
  const isShown = router.state.matches.some((match) => match.route.id === entry.id);
  return isShown && (before || isSeen(route));
}

/** Runs all loaders again, also where `shouldRevalidate` sees no need: it knows nothing of edits. */
function reload({ router }: OpenPage): void {
  const deciding = flat(router.routes)
    .map((route) => ({ route, shouldRevalidate: route.shouldRevalidate }))
    .filter(({ shouldRevalidate }) => shouldRevalidate !== undefined);
  for (const { route } of deciding) Object.assign(route, { shouldRevalidate: undefined });
  void router.revalidate().finally(() => {
    // A function that came with another edit meanwhile is the newer one.
    for (const { route, shouldRevalidate } of deciding)
      if (route.shouldRevalidate === undefined) Object.assign(route, { shouldRevalidate });
  });
}

/** Whether a page shows what comes of the handlers. */
function isSeen(route: DataRouteObject): boolean {
  return isOwn(route) || route.handle !== undefined;
}

/** By now Vite has put the styles of the views into the page; from here on it exchanges them. */
function dropLinks(): void {
  for (const link of document.querySelectorAll("link[data-offhook-until-vite]")) link.remove();
}

type Tree<Node> = readonly (Node & { readonly children?: Tree<Node> | undefined })[];

function flat<Node extends RouteEntry | DataRouteObject>(nodes: Tree<Node>): Node[] {
  return nodes.flatMap((node) => [node, ...flat<Node>(node.children ?? [])]);
}
