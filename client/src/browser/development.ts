import type { DataRouteObject } from "react-router";
import { handlers, isOwn, MissingView, type RouteEntry, type ViewModule } from "../routes.js";
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
    if (edited.filter((entry) => exchange(page, entry, view)).length > 0) page.reload();
  });
  hot.on("offhook:reloaded", () => void opening.then(reloaded, loadAnew));
  hot.on("offhook:saved", () => void opening.catch(loadAnew)); // there is no page in which anything could be exchanged
  opening.then(dropLinks, fail);
}

const loadAnew = () => location.reload();

/** What was wrong in Python is right again, and the loaders may answer differently. */
function reloaded(page: OpenPage): void {
  document.querySelector("vite-error-overlay")?.remove();
  page.reload();
}

/** What a view throws while it runs for the first time; what cannot be loaded at all is Vite's to show. */
function fail(error: unknown): void {
  console.error(error);
  const Overlay = customElements.get("vite-error-overlay") as (new (error: unknown) => HTMLElement) | undefined;
  if (Overlay && !(error instanceof MissingView)) document.body.append(new Overlay(error));
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
