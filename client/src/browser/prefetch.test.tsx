// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Browser } from "../testing/Browser.js";
import { DeskApp, deskView } from "../testing/desk.js";

let app: DeskApp;
let browser: Browser;

beforeEach(async () => {
  Browser.setUp();
  app = new DeskApp(deskView());
  browser = new Browser(app);
  await browser.open("/");
});
afterEach(() => browser.tearDown());

const DATA = "GET /__data/desk?_routes=desk";

async function pointAt(selector: string, milliseconds = 150): Promise<void> {
  const link = document.querySelector(selector);
  await browser.after(() => link?.dispatchEvent(new MouseEvent("mouseover", { bubbles: true })), milliseconds);
  await browser.after(() => link?.dispatchEvent(new MouseEvent("mouseout", { bubbles: true })));
}

test("the next navigation uses what was prefetched, and folds in what was published since", async () => {
  await pointAt("#soon");
  expect(app.requests).toEqual([DATA]);
  app.raise();
  await browser.click("#soon");
  await browser.pass();
  expect(browser.text("h1")).toBe('{"count":1}');
  expect(app.requests).toEqual([DATA]);
});

test("an answer is used once", async () => {
  await pointAt("#soon");
  await browser.click("#soon");
  await browser.click("a[href='/']");
  await browser.click("#soon");
  expect(app.requests).toEqual([DATA, DATA]);
});

test("pointing twice, or only for a moment, asks for nothing more", async () => {
  await pointAt("#soon", 50);
  expect(app.requests).toEqual([]);
  await pointAt("#soon");
  await pointAt("#soon");
  expect(app.requests).toEqual([DATA]);
});

test("an answer that is on its way is waited for", async () => {
  const held = Promise.withResolvers<void>();
  app.delay = held.promise;
  await pointAt("#soon");
  await browser.click("#soon");
  expect(browser.text("h1")).toBeUndefined();
  await browser.after(() => held.resolve());
  expect(browser.text("h1")).toBe('{"count":0}');
  expect(app.requests).toEqual([DATA]);
});

test("an answer is good for half a minute", async () => {
  await pointAt("#soon");
  await browser.pass(30_000);
  await browser.click("#soon");
  expect(app.requests).toEqual([DATA, DATA]);
});

test("another build is noticed when somebody goes there, not before", async () => {
  app.build = "build2";
  await pointAt("#soon");
  expect(browser.left).toEqual([]);
  await browser.click("#soon");
  expect(browser.left).toEqual([`${location.origin}/desk`]);
});

test("a redirect or a failure is asked for again", async () => {
  app.redirect = "/";
  await pointAt("#soon");
  app.redirect = null;
  await browser.click("#soon");
  expect(browser.text("h1")).toBe('{"count":0}');

  await browser.click("a[href='/']");
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("Failed to fetch")));
  await pointAt("#soon");
  vi.stubGlobal("fetch", app.fetch);
  await browser.click("#soon");
  expect(browser.text("h1")).toBe('{"count":0}');
});

test("other sites, this page, and links of those who save data are left alone", async () => {
  await pointAt("#away");
  vi.stubGlobal("navigator", { ...navigator, connection: { saveData: true } });
  await pointAt("#soon");
  vi.unstubAllGlobals();
  Browser.setUp();
  vi.stubGlobal("fetch", app.fetch);
  await browser.click("a[href='/desk']");
  app.requests.length = 0;
  await pointAt("#soon");
  expect(app.requests).toEqual([]);
});

test("what was prefetched before an action is old after it", async () => {
  await browser.click("a[href='/desk']");
  await pointAt("#second");
  app.requests.length = 0;
  await browser.click("form button");
  await browser.click("#second");
  expect(app.requests.at(-1)).toBe("GET /__data/desk?second&_routes=shell,desk");
});

test("two are asked for at a time, and what is clicked does not wait for its turn", async () => {
  const held = Promise.withResolvers<void>();
  app.delay = held.promise;
  for (const link of ["#soon", "#second", "#third"]) await pointAt(link);
  expect(app.requests).toHaveLength(2);
  await browser.click("#third");
  expect(app.requests.slice(2)).toEqual(["GET /__data/desk?third&_routes=shell,desk"]);
  await browser.after(() => held.resolve());
  expect(app.requests).toHaveLength(3);
});
