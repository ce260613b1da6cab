// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ClientLoaderArgs, ViewModule } from "../routes.js";
import { Browser } from "../testing/Browser.js";
import { type Desk, DeskApp, deskView } from "../testing/desk.js";
import { follow } from "./development.js";

const never = { on: () => {} };
let file = "/book/desk.tsx"; // another one in each test: the pages of those before listen as well
let app: DeskApp;
let browser: Browser;

beforeEach(() => {
  Browser.setUp();
  file = `/more${file}`;
});
afterEach(() => browser.tearDown());

/** A page of an application whose views are edited. */
async function opened(url: string, view: ViewModule): Promise<void> {
  app = new DeskApp(view);
  browser = new Browser(app);
  browser.receive(url);
  const { entries } = new DeskApp(async () => view);
  const page = await browser.hydrate(entries);
  follow(Promise.resolve(page), { routes: entries, files: { desk: file }, hot: never });
}

const saved = (view: ViewModule, edited = file) =>
  browser.after(() => dispatchEvent(new CustomEvent("offhook:view", { detail: [edited, view] })));
const goToDesk = () => browser.click("a[href='/desk']");
const counting = (count: number) => deskView({ clientLoader: async () => ({ count }) });

test("the newest clientLoader runs, and none when there is none any more", async () => {
  await opened("/desk", counting(1));
  await saved(counting(2));
  expect(browser.text("h1")).toBe('{"count":2}');
  await saved(counting(3));
  expect(browser.text("h1")).toBe('{"count":3}');
  await saved(deskView());
  expect(browser.text("h1")).toBe('{"count":0}');
});

test("a clientLoader that is taken away while it runs leaves data that is still followed", async () => {
  const asked = Promise.withResolvers<void>();
  const clientLoader = async ({ serverLoader }: ClientLoaderArgs) => {
    const data = await serverLoader<Desk>();
    await asked.promise;
    return { ...data };
  };
  await opened("/desk", deskView());
  await saved(deskView({ clientLoader }));
  await saved(deskView());
  vi.stubGlobal("fetch", () => new Promise(() => {})); // what is asked for the new view takes its time
  await browser.after(asked.resolve);
  await browser.after(() => app.raise());
  expect(browser.text("h1")).toBe('{"count":1}');
  expect(browser.complaints).toEqual([]);
});

test("a view that was left is exchanged for when it is shown again", async () => {
  await opened("/desk", counting(1));
  await browser.click("a[href='/']");
  await saved(counting(2));
  expect(app.requests).toEqual([]);
  await goToDesk();
  expect(browser.text("h1")).toBe('{"count":2}');
});

test("a view that was loaded ahead is shown as it is by now", async () => {
  await opened("/", counting(1));
  await saved(counting(2));
  await goToDesk();
  expect(browser.text("h1")).toBe('{"count":2}');
});

test("what concerns no loader and no handle asks for nothing", async () => {
  await opened("/desk", deskView());
  await saved(deskView({ clientAction: () => "done here" }));
  await saved(counting(7), "/book/other.tsx");
  expect(app.requests).toEqual([]);
  await browser.click("form button");
  expect(browser.text("#answer")).toBe('"done here"');
});

test("React Refresh leaves the handlers of views alone, and everything else as it is", async () => {
  await opened("/", deskView());
  expect(window.__getReactRefreshIgnoredExports?.({ id: file })).toContain("clientLoader");
  expect(window.__getReactRefreshIgnoredExports?.({ id: "/book/part.tsx" })).toEqual([]);
});

class Overlay extends HTMLElement {
  constructor(error: Error) {
    super();
    this.textContent = error.message;
  }
}

test("what the first view throws while it is loaded lies over the page", async () => {
  customElements.define("vite-error-overlay", Overlay);
  const app = new DeskApp(deskView());
  browser = new Browser(app);
  browser.receive("/desk");
  const thrown = new Error("no API key");
  const { entries } = new DeskApp(async () => Promise.reject(thrown));
  const opening = browser.hydrate(entries);
  follow(opening, { routes: entries, files: {}, hot: never });
  await expect(opening).rejects.toBe(thrown);
  expect(browser.text("vite-error-overlay")).toBe("no API key");
  expect(browser.complaints).toEqual([[thrown]]);
});
