/** A route as Python writes it into `.offhook/routes.json`. */
export interface RouteNode {
  readonly id: string;
  readonly path: string | null;
  readonly index: boolean;
  /** The view's file, relative to the application's folder. */
  readonly view: string | null;
  readonly loader: boolean;
  readonly action: boolean;
  readonly children: readonly RouteNode[];
}

/** What the browser's entry says about views. */
export interface Views {
  readonly hasClientLoader: (view: string) => boolean;
  /** As Vite names the file. */
  readonly fileOf: (view: string) => string;
}

/** The browser's entry: views are loaded when they are needed. */
export function clientEntry(routes: readonly RouteNode[], { hasClientLoader, fileOf }: Views): string {
  const source = list(routes, (view) => [
    ...(hasClientLoader(view) ? ["clientLoader: true"] : []),
    `view: () => import(${specifier(view)})`,
  ]);
  const files = all(routes).map(({ id, view }) => [id, view === null ? undefined : fileOf(view)]);
  return [
    `import { follow, hydrate } from "offhook/client";`,
    `const routes = ${source};`,
    `const page = hydrate(routes);`,
    // While somebody develops; a build knows no such thing and leaves it out, with all that it needs.
    `if (import.meta.hot) {`,
    `  follow(page, { routes, files: ${JSON.stringify(Object.fromEntries(files))}, hot: import.meta.hot });`,
    `}`,
    "",
  ].join("\n");
}

/** The server's entry: views are all there, since nothing can be loaded where it runs. */
export function serverEntry(routes: readonly RouteNode[]): string {
  const views = viewsOf(routes);
  const source = list(routes, (view) => [`view: view${views.indexOf(view)}`]);
  return [
    `import "offhook/polyfills";`,
    `import { createRenderer } from "offhook/server";`,
    ...views.map((view, i) => `import * as view${i} from ${specifier(view)};`),
    `export const render = createRenderer(${source});`,
    "",
  ].join("\n");
}

/** A view's fields in the entry of its route. */
type FieldsOf = (view: string) => readonly string[];

function list(routes: readonly RouteNode[], view: FieldsOf): string {
  return `[${routes.map((route) => entry(route, view)).join(", ")}]`;
}

function entry(route: RouteNode, view: FieldsOf): string {
  const { id, path, index, loader, action, children } = route;
  const fields = [
    `id: ${JSON.stringify(id)}`,
    ...(path === null ? [] : [`path: ${JSON.stringify(path)}`]),
    ...(index ? ["index: true"] : []),
    `loader: ${loader}`,
    `action: ${action}`,
    ...(route.view === null ? [] : view(route.view)),
    ...(children.length > 0 ? [`children: ${list(children, view)}`] : []),
  ];
  return `{ ${fields.join(", ")} }`;
}

// Vite resolves a leading slash against the application's folder.
function specifier(view: string): string {
  return JSON.stringify(`/${view}`);
}

/** The files of the views, relative to the application's folder, each once. */
export function viewsOf(routes: readonly RouteNode[]): readonly string[] {
  return [...new Set(all(routes).flatMap(({ view }) => view ?? []))];
}

function all(routes: readonly RouteNode[]): RouteNode[] {
  return routes.flatMap((route) => [route, ...all(route.children)]);
}
