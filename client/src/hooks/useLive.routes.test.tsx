// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Browser } from "../testing/Browser.js";
import { BoardApp } from "../testing/board.js";

let app: BoardApp;
let browser: Browser;

beforeEach(() => {
  Browser.setUp();
  app = new BoardApp();
  browser = new Browser(app);
});
afterEach(() => browser.tearDown());

test("a route on two channels gets each publication with its channel, in the order in which they came", async () => {
  await browser.open("/desk");
  await browser.after(() => {
    app.order("first");
    app.move("a", "done");
    app.order("second");
  });
  expect(browser.messages).toEqual(["a done", "b todo"]);
  expect(browser.text("#orders")).toBe("first,second");
  expect(app.requests).toEqual([]);
});

test("of two channels one loses its history: the loader runs, and nothing is lost or repeated", async () => {
  await browser.open("/desk");
  app.line.cut();
  app.order("forgotten");
  app.line.forget("orders");
  await browser.after(() => app.line.restore());
  await browser.after(() => app.move("a", "done"), 1000);
  expect([browser.messages[0], browser.text("#orders")]).toEqual(["a done", "forgotten"]);
  expect(app.requests).toEqual(["GET /__data/desk?_routes=desk"]);
});

test.each(["folded", "reloaded", "polled"])("data that is no object is %s like any other", async (how) => {
  await browser.open(`/${how}`);
  expect(browser.text("h1")).toBe("null");
  for (const value of [1, 1, 0, "", "text", false, null, 2]) {
    await browser.after(() => app.set(value), how === "polled" ? 31_000 : 2000);
    expect(browser.text("h1")).toBe(JSON.stringify(value));
  }
  expect(app.requests.length).toBe(how === "folded" ? 0 : 8);
  expect(browser.complaints).toEqual([]);
});

test("polling asks at every interval without a line, and not while the tab is hidden or the component gone", async () => {
  await browser.open("/clock");
  await browser.pass(60_500);
  expect(browser.text("h1")).toBe("3");
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  await browser.after(() => document.dispatchEvent(new Event("visibilitychange")), 120_000);
  expect(browser.text("h1")).toBe("3");
  hidden.mockReturnValue(false);
  await browser.after(() => document.dispatchEvent(new Event("visibilitychange")));
  expect(browser.text("h1")).toBe("4");
  await browser.click("button");
  await browser.pass(120_000);
  expect(app.requests).toEqual(Array(3).fill("GET /__data/clock?_routes=clock"));
  expect(app.line.connections).toBe(0);
  expect(browser.complaints).toEqual([]);
});

test("a poll that fails leaves the page as it is, and is repeated before the next one is due", async () => {
  await browser.open("/clock");
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  await browser.pass(31_000);
  expect(browser.text("h1")).toBe("1");
  vi.stubGlobal("fetch", app.fetch);
  await browser.pass(10_000);
  expect(browser.text("h1")).toBe("2");
});

test("useLive without anything to follow is told in development, once", async () => {
  await browser.open("/quiet");
  await browser.click("a[href='/boards/1']");
  await browser.after(() => history.back());
  await browser.pass();
  expect(browser.complaints).toHaveLength(1);
  expect(browser.complaints.flat().join()).toContain('useLive has no channel to follow on route "quiet"');
});
