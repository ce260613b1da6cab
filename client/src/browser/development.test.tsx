// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ViewModule } from "../routes.js";
import { Browser } from "../testing/Browser.js";
import { DeskApp, deskView } from "../testing/desk.js";
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
