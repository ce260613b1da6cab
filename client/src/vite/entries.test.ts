import { expect, test } from "vitest";
import { clientEntry, type RouteNode, serverEntry } from "./entries.js";

const node = (id: string, change: Partial<RouteNode> = {}): RouteNode => ({
  id,
  path: null,
  index: false,
  view: `${id}.tsx`,
  loader: false,
  action: false,
  children: [],
  ...change,
});
const routes = [
  node("routes/shell", {
    children: [
      node("routes/home", { index: true, loader: true }),
      node("routes/feed", { path: "feed.xml", view: null, loader: true }),
      node("routes/again", { path: 'a"b', view: "routes/home.tsx", action: true }),
    ],
  }),
];

test("the browser's entry loads views when they are needed, and knows before which of them have a clientLoader", () => {
  const views = {
    hasClientLoader: (view: string) => view === "routes/home.tsx",
    fileOf: (view: string) => `/book/${view}`,
  };
  expect(clientEntry(routes, views)).toMatchInlineSnapshot(`
    "import { follow, hydrate } from "offhook/client";
    const routes = [{ id: "routes/shell", loader: false, action: false, view: () => import("/routes/shell.tsx"), children: [{ id: "routes/home", index: true, loader: true, action: false, clientLoader: true, view: () => import("/routes/home.tsx") }, { id: "routes/feed", path: "feed.xml", loader: true, action: false }, { id: "routes/again", path: "a\\"b", loader: false, action: true, clientLoader: true, view: () => import("/routes/home.tsx") }] }];
    const page = hydrate(routes);
    if (import.meta.hot) {
      follow(page, { routes, files: {"routes/shell":"/book/routes/shell.tsx","routes/home":"/book/routes/home.tsx","routes/again":"/book/routes/home.tsx"}, hot: import.meta.hot });
    }
    "
  `);
});

test("the server's entry has them all, after the polyfills", () => {
  expect(serverEntry(routes)).toMatchInlineSnapshot(`
    "import "offhook/polyfills";
    import { createRenderer } from "offhook/server";
    import * as view0 from "/routes/shell.tsx";
    import * as view1 from "/routes/home.tsx";
    export const render = createRenderer([{ id: "routes/shell", loader: false, action: false, view: view0, children: [{ id: "routes/home", index: true, loader: true, action: false, view: view1 }, { id: "routes/feed", path: "feed.xml", loader: true, action: false }, { id: "routes/again", path: "a\\"b", loader: false, action: true, view: view1 }] }]);
    "
  `);
});
