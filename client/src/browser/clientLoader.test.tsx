// @vitest-environment jsdom
import { useRouteError } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ClientLoader, ClientLoaderArgs, RouteEntry, ViewModule } from "../routes.js";
import { Browser } from "../testing/Browser.js";
import { type Desk, DeskApp, deskView } from "../testing/desk.js";
import { Status } from "../testing/PythonApp.js";

let browser: Browser;

beforeEach(() => Browser.setUp());
afterEach(() => browser.tearDown());

const ask = ({ serverLoader }: ClientLoaderArgs) => serverLoader<Desk>();
const named: ClientLoader = async (args) => ({ ...(await ask(args)), by: "browser" });

function hydrating(loader: ClientLoader): ClientLoader {
  return Object.assign((args: ClientLoaderArgs) => loader(args), { hydrate: true });
}

/** The application in a browser that shows `url`. */
async function opened(view: RouteEntry["view"], url = "/", options?: ConstructorParameters<typeof DeskApp>[1]) {
  const app = new DeskApp(view, options);
  browser = new Browser(app);
  await browser.open(url);
  return app;
}

const goToDesk = () => browser.click("a[href='/desk']");

test("what was made of the server's answer goes on with what is published after it", async () => {
  const app = await opened(deskView({ clientLoader: named }));
  await goToDesk();
  expect(browser.text("h1")).toBe('{"count":0,"by":"browser"}');
  await browser.after(() => app.raise());
  expect(browser.text("h1")).toBe('{"count":1,"by":"browser"}');
  expect(app.requests).toEqual(["GET /__data/desk?_routes=desk"]);
});

test("an answer that was kept stands where it stood", async () => {
  let kept: Desk | undefined;
  const app = await opened(
    deskView({
      clientLoader: async (args) => {
        kept ??= await ask(args);
        return kept;
      },
    }),
  );
  await goToDesk();
  await browser.click("a[href='/']");
  app.raise();
  app.raise();
  await goToDesk();
  await browser.pass();
  expect(browser.text("h1")).toBe('{"count":2}');
  expect(app.requests).toHaveLength(1);
});

test("data that did not wait for the server's answer follows nothing, and says so", async () => {
  const app = await opened(
    deskView({
      clientLoader: (args) => {
        void ask(args);
        return { count: -1 };
      },
    }),
  );
  await goToDesk();
  expect(String(browser.complaints)).toContain("waited for serverLoader()");
  await browser.after(() => app.raise());
  expect(browser.text("h1")).toBe('{"count":-1}');
});

test("a live reload goes through the clientLoader, whatever shouldRevalidate says, and is for that route alone", async () => {
  const app = await opened(deskView({ clientLoader: named, shouldRevalidate: () => false }, true), "/", {
    shell: { shouldRevalidate: () => true },
  });
  await goToDesk();
  const runs = browser.text("#runs");
  await browser.after(() => app.raise(), 200);
  expect(browser.text("h1")).toBe('{"count":1,"by":"browser"}');
  expect(browser.text("#runs")).toBe(runs);
});

test("a live reload that gets no answer leaves the page as it is, and comes again", async () => {
  const app = await opened(deskView({ clientLoader: named }, true));
  await goToDesk();
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("Failed to fetch")));
  await browser.after(() => app.raise(), 300);
  expect(browser.text("h1")).toBe('{"count":0,"by":"browser"}');
  vi.stubGlobal("fetch", app.fetch);
  await browser.pass(25_000);
  expect(browser.text("h1")).toBe('{"count":1,"by":"browser"}');
});

test("all loaders run when a developer has changed one, whatever shouldRevalidate says", async () => {
  const app = await opened(deskView({ shouldRevalidate: () => false }), "/desk");
  app.count = 7;
  await browser.after(() => browser.reload());
  expect(browser.text("h1")).toBe('{"count":7}');
});

test("a hydrating clientLoader gets what the document came with, after the first picture", async () => {
  const app = new DeskApp(deskView({ clientLoader: hydrating(named) }));
  browser = new Browser(app);
  browser.receive("/desk");
  expect(browser.text("h1")).toBe('{"count":0}');
  await browser.hydrate();
  await browser.pass();
  expect(browser.text("h1")).toBe('{"count":0,"by":"browser"}');
  await browser.after(() => app.raise());
  expect(browser.text("h1")).toBe('{"count":1,"by":"browser"}');
  expect(browser.complaints).toEqual([]);
  expect(app.requests).toEqual([]);
});

test("with a fallback the first picture is that", async () => {
  const HydrateFallback = () => <p id="fallback">Wait</p>;
  const app = new DeskApp(deskView({ clientLoader: hydrating(named), HydrateFallback }));
  browser = new Browser(app);
  browser.receive("/desk");
  expect(browser.text("#fallback")).toBe("Wait");
  expect(browser.text("h1")).toBeUndefined();
  await browser.hydrate();
  await browser.pass();
  expect(browser.text("h1")).toBe('{"count":0,"by":"browser"}');
  expect(browser.complaints).toEqual([]);
});

test("data that only a browser has leaves its place empty in the document, and the views around it are there", async () => {
  const app = new DeskApp(deskView({ clientLoader: async () => ({ count: innerWidth }) }, true), {
    loader: false,
  });
  browser = new Browser(app);
  browser.receive("/desk");
  expect(browser.text("#runs")).toBe("1");
  expect(browser.text("h1")).toBeUndefined();
  await browser.hydrate();
  await browser.pass();
  expect(browser.text("h1")).toBe(`{"count":${innerWidth}}`);
  expect(app.requests).toEqual([]);
});

test("a route without a loader in Python cannot ask it", async () => {
  await opened(deskView({ clientLoader: ask }), "/", { loader: false });
  await goToDesk();
  expect(browser.text("#problem")).toContain('no loader in Python for route "desk"');
});

test("a view that turns out to have a clientLoader finds the answer that was asked for meanwhile", async () => {
  const view = deskView({ clientLoader: named });
  const app = new DeskApp(view);
  browser = new Browser(app);
  browser.receive("/");
  await browser.hydrate(new DeskApp(async () => view).entries);
  await goToDesk();
  expect(browser.text("h1")).toBe('{"count":0,"by":"browser"}');
  expect(app.requests).toEqual(["GET /__data/desk?_routes=desk"]);
});

test("a view that is known to have a clientLoader asks for nothing that nobody wants", async () => {
  const view = deskView({ clientLoader: async () => ({ count: -1 }) });
  const app = new DeskApp(view);
  browser = new Browser(app);
  browser.receive("/");
  await browser.hydrate(new DeskApp(async () => view, { clientLoader: true }).entries);
  await browser.after(() => document.querySelector("#soon")?.dispatchEvent(new MouseEvent("mouseover")), 500);
  await goToDesk();
  expect(browser.text("h1")).toBe('{"count":-1}');
  expect(app.requests).toEqual([]);
});

test.each([true, false])(
  "a view that is not there is left for its document, if there is a network: %s",
  async (online) => {
    vi.stubGlobal("navigator", { onLine: online });
    const view = async () => Promise.reject(new TypeError("Failed to fetch dynamically imported module"));
    const app = new DeskApp(deskView());
    browser = new Browser(app);
    browser.receive("/");
    await browser.hydrate(new DeskApp(view).entries);
    await goToDesk();
    expect(browser.left).toEqual(online ? [new URL("/desk", location.href).href] : []);
    expect(browser.text(online ? "h2" : "h1")).toBe(online ? "Home" : "Something went wrong");
  },
);

test("a view whose module throws is an error with its own words, and no reason to leave", async () => {
  const thrown = new Error("no API key");
  const app = new DeskApp(deskView());
  browser = new Browser(app);
  browser.receive("/");
  const shell = { ErrorBoundary: () => <p id="problem">{String(useRouteError())}</p> };
  await browser.hydrate(new DeskApp(async () => Promise.reject(thrown), { shell }).entries);
  await goToDesk();
  expect(browser.left).toEqual([]);
  expect(browser.text("#problem")).toBe("Error: no API key");
});

test("exports that only React Router's framework mode reads are warned about", async () => {
  const view = { ...deskView(), meta: () => [], links: [] } as ViewModule;
  const app = new DeskApp(deskView());
  browser = new Browser(app);
  browser.receive("/");
  await browser.hydrate(new DeskApp(async () => view).entries);
  await goToDesk();
  expect(browser.complaints.map(String)).toEqual(
    [
      'route "desk" exports "meta": write <title> and <meta> into the component, React puts them into the head.',
      'route "desk" exports "links": write <link> into the component, React puts it into the head.',
    ].map((text) => `Offhook: the view of ${text}`),
  );
});

test("a clientAction passes on what the server said, with its status", async () => {
  const app = await opened(
    deskView({ clientAction: async ({ serverAction }) => ({ said: await serverAction() }) }),
    "/desk",
  );
  const runs = browser.text("#runs");
  app.refusal = new Status(422, "no");
  await browser.click("form button");
  expect(browser.text("#answer")).toBe('{"said":"no"}');
  expect(browser.text("#runs")).toBe(runs); // a refused action changes nothing
  app.refusal = null;
  await browser.click("form button");
  expect(browser.text("#answer")).toBe('{"said":1}');
  expect(browser.text("#runs")).not.toBe(runs);
  expect(app.requests).toHaveLength(2);
});

test("a clientAction that does not ask the server is followed by the loaders", async () => {
  const app = await opened(deskView({ clientAction: async () => "done here" }), "/desk");
  await browser.click("form button");
  expect(browser.text("#answer")).toBe('"done here"');
  expect(app.requests).toEqual(["GET /__data/desk?_routes=shell,desk"]);
});

test("a clientAction may take its time: the data that came with the answer is used all the same", async () => {
  const app = await opened(
    deskView({
      clientAction: async ({ serverAction }) => {
        const said = await serverAction();
        await new Promise((resolve) => setTimeout(resolve, 500));
        return said;
      },
    }),
    "/desk",
  );
  await browser.click("form button");
  await browser.pass(600);
  expect(browser.text("#answer")).toBe("1");
  expect(app.requests).toHaveLength(1);
});

test("after an action a view that decides for itself is asked about separately", async () => {
  const decide = vi.fn(({ actionResult }: { actionResult?: unknown }) => actionResult !== 1);
  const app = await opened(deskView({ shouldRevalidate: decide as never }), "/desk");
  await browser.click("form button");
  expect(app.requests).toEqual(["POST /__data/desk?_routes=desk&_after=shell"]);
  await browser.click("form button");
  expect(app.requests.slice(1)).toEqual([
    "POST /__data/desk?_routes=desk&_after=shell",
    "GET /__data/desk?_routes=desk",
  ]);
});
