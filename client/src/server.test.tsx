import { renderToString } from "react-dom/server.browser";
import {
  createStaticHandler,
  createStaticRouter,
  data,
  type ErrorResponse,
  Form,
  Link,
  Outlet,
  StaticRouterProvider,
  useActionData,
  useLoaderData,
  useLocation,
  useMatches,
  useParams,
  useRouteError,
} from "react-router";
import { expect, test } from "vitest";
import { statusText } from "./errors.js";
import { Links, Meta, Scripts } from "./frameworkTags.js";
import { useChannel } from "./hooks/useChannel.js";
import { useConnection } from "./hooks/useConnection.js";
import { useLive } from "./hooks/useLive.js";
import { usePresence } from "./hooks/usePresence.js";
import { useWebSocket } from "./hooks/useWebSocket.js";
import { useNonce } from "./nonce.js";
import { type RouteEntry, routeObjects } from "./routes.js";
import type { RenderInput } from "./server/context.js";
import { createRenderer, type RenderOutput } from "./server.js";
import type { LiveRoute } from "./types.js";

/** Shows everything that a view can learn about the page. */
function Everything() {
  return (
    <section>
      <pre>{JSON.stringify([useLoaderData(), useActionData(), useParams(), useLocation(), useMatches()])}</pre>
      <Link to="other">relative</Link>
      <Form method="post" />
      <Outlet />
    </section>
  );
}

function Problem() {
  const { status, statusText, data } = useRouteError() as ErrorResponse;
  return <pre>{JSON.stringify([status, statusText, data])}</pre>;
}

const RootProblem = () => (
  <main>
    <Problem />
  </main>
);

/** Every live hook in one view. */
function Live() {
  const { list } = useLive<LiveRoute & { readonly data: { readonly list: readonly number[] } }>();
  const shown = [list, usePresence("room:1").members, useConnection().status, useChannel("room:1").status];
  return <p>{JSON.stringify([...shown, useWebSocket("/echo").status])}</p>;
}

const view = { default: Everything, handle: { crumb: "here" } };
const both = { loader: true, action: true };

const entries: readonly RouteEntry[] = [
  {
    ...both,
    id: "root",
    view: { ...view, ErrorBoundary: RootProblem },
    children: [
      { ...both, id: "home", index: true, view },
      {
        ...both,
        id: "rooms",
        path: "rooms",
        view: { ...view, ErrorBoundary: Problem },
        children: [{ ...both, id: "room", path: ":room_id/:tab?", view }],
      },
      { loader: false, action: false, id: "static", path: "about", view },
    ],
  },
];

const loaded = { root: { user: "Ada" }, home: {}, rooms: [1, 2], room: { messages: ["<b>", "ü"] } };
const page: RenderInput = { url: "/", loaderData: loaded, actionData: null, errors: null, notFound: false };

/** The page as React Router's own static handler makes it. */
async function officially({ url, loaderData, actionData, errors }: RenderInput): Promise<string> {
  const handler = createStaticHandler(routeObjects(entries));
  const context = await handler.query(new Request(`http://localhost${url}`), {
    dataStrategy: async ({ matches }) =>
      Object.fromEntries(
        matches
          .filter((match) => match.shouldCallHandler())
          .map(({ route: { id } }) => {
            const error = errors?.[id];
            if (!error) return [id, { type: "data", result: loaderData[id] }];
            const { status } = error;
            return [id, { type: "error", result: data(error.data, { status, statusText: statusText(status) }) }];
          }),
      ),
  });
  if (context instanceof Response) throw new Error("a redirect");
  context.actionData = context.errors ? null : (actionData as Record<string, unknown> | null);
  const router = createStaticRouter(handler.dataRoutes, context);
  return renderToString(<StaticRouterProvider router={router} context={context} hydrate={false} />);
}

function render(input: RenderInput): RenderOutput {
  return JSON.parse(createRenderer(entries)(JSON.stringify(input)));
}

const notFound = { status: 404, data: { detail: "no such room" } };
const crash = { status: 500, data: { detail: "Unexpected Server Error" } };

test.each<[string, Partial<RenderInput>]>([
  ["an index route", {}],
  ["nested routes with parameters and query", { url: "/rooms/a%2Fb%20c?x=1&y=%C3%A4" }],
  ["a static view", { url: "/about/" }],
  ["an action's answer", { url: "/rooms/1/log", actionData: { room: { errors: { text: "empty" } } } }],
  ["an error that the parent catches", { url: "/rooms/1", errors: { room: notFound } }],
  ["an error of the route that has the boundary", { url: "/rooms/1", errors: { rooms: notFound } }],
  ["errors at two boundaries", { url: "/rooms/1", errors: { root: crash, room: notFound } }],
  ["two errors at one boundary", { url: "/rooms/1", errors: { rooms: crash, room: notFound } }],
  ["a URL that no route matches", { url: "/nowhere?x=1", notFound: true }],
])("%s is rendered as by React Router's own static handler", async (_, change) => {
  const input = { ...page, ...change };
  expect(render(input).html).toBe(await officially(input));
});

test("errors go back as the browser has to find them", () => {
  expect(render({ ...page, url: "/rooms/1", errors: { room: notFound } }).errors).toEqual({
    rooms: { ...notFound, statusText: "Not Found", internal: false, __type: "RouteErrorResponse" },
  });
  expect(render({ ...page, url: "/nowhere", notFound: true }).errors).toEqual({
    root: {
      status: 404,
      statusText: "Not Found",
      data: 'Error: No route matches URL "/nowhere"',
      internal: true,
      __type: "RouteErrorResponse",
    },
  });
  expect(render(page).errors).toBeNull();
});

test("a root route without a boundary shows a document of ours", () => {
  const bare: RouteEntry = { loader: true, action: false, id: "bare", path: "/", view };
  const input = { ...page, loaderData: {}, errors: { bare: crash } };
  const { html } = JSON.parse(createRenderer([bare])(JSON.stringify(input)));
  expect(html).toContain("<title>500 Internal Server Error</title>");
  expect(html).not.toContain("Unexpected");
});

test("live hooks render what the loader has answered, and open nothing", () => {
  const live: RouteEntry = { loader: true, action: false, id: "live", path: "/", view: { default: Live } };
  const { html } = JSON.parse(
    createRenderer([live])(JSON.stringify({ ...page, loaderData: { live: { list: [1] } } })),
  );
  expect(html).toBe("<p>[[1],[],&quot;idle&quot;,&quot;subscribing&quot;,&quot;connecting&quot;]</p>");
});

test("of several titles the deepest view's is left, and tags of the framework mode do no harm", () => {
  const Shell = () => (
    <html lang="en">
      <head>
        <title>Shop</title>
        <Meta />
        <Links />
      </head>
      <body>
        <Outlet />
        <svg>
          <title>A drawing</title>
        </svg>
        <Scripts />
      </body>
    </html>
  );
  const Page = () => <title>{"A < B"}</title>;
  const none = { loader: false, action: false };
  const entries: RouteEntry[] = [
    {
      ...none,
      id: "shell",
      path: "/",
      view: { default: Shell },
      children: [
        { ...none, id: "home", index: true, view: { default: () => <h1>Home</h1> } },
        { ...none, id: "page", path: "page", view: { default: Page } },
      ],
    },
  ];
  const html = (url: string) =>
    (JSON.parse(createRenderer(entries)(JSON.stringify({ ...page, url, loaderData: {} }))) as RenderOutput).html;
  const titles = (url: string) => [...html(url).matchAll(/<title>(.*?)<\/title>/g)].map((found) => found[1]);

  expect(titles("/page")).toEqual(["A &lt; B", "A drawing"]);
  expect(titles("/")).toEqual(["Shop", "A drawing"]);
});

test("an inline script of a view carries the document's nonce", () => {
  function Themed() {
    return (
      <html lang="en">
        <body>
          <script nonce={useNonce()}>{"1"}</script>
        </body>
      </html>
    );
  }
  const entries: RouteEntry[] = [
    { id: "shell", path: "/", loader: false, action: false, view: { default: Themed } },
  ];
  const page = { url: "/", loaderData: {}, actionData: null, errors: null, notFound: false };
  const html = (nonce: string | null) =>
    (JSON.parse(createRenderer(entries)(JSON.stringify({ ...page, nonce }))) as RenderOutput).html;

  expect(html("abc")).toContain('<script nonce="abc">1</script>');
  expect(html(null)).toContain("<script>1</script>");
});

test("in development, a view that keeps something for the next visitor is noticed", () => {
  let visitors = 0;
  const counting = () => <html lang="en">{++visitors}</html>;
  const still = () => <html lang="en">{visitors}</html>;
  const varies = [counting, still].map((view) => {
    const rendered = createRenderer([
      { id: "root", loader: false, action: false, index: true, view: { default: view } },
    ]);
    return (JSON.parse(rendered(JSON.stringify({ ...page, loaderData: {} }))) as RenderOutput).varies;
  });
  expect(varies).toEqual([true, false]);
});
