// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Browser } from "../testing/Browser.js";
import { ChatApp } from "../testing/chat.js";

let app: ChatApp;
let browser: Browser;

beforeEach(() => {
  Browser.setUp();
  app = new ChatApp();
  browser = new Browser(app);
});
afterEach(() => browser.tearDown());

const status = () => JSON.parse(browser.text("#status") ?? "null");

test("a page is current from its first paint on, also while its line opens", async () => {
  browser.receive("/rooms/1");
  expect(status()).toEqual({ isStale: false });
  await browser.hydrate();
  expect(status()).toEqual({ isStale: false });
});

test("a line that is lost makes it stale, until it is back", async () => {
  await browser.open("/rooms/1");
  const lost = Date.now();
  await browser.after(() => app.line.cut());
  expect(status()).toEqual({ isStale: true, since: lost });
  await browser.after(() => app.line.restore());
  expect(status()).toEqual({ isStale: false });
});

test.each([
  [async () => Promise.reject(new TypeError("no network")), { status: 0, data: "no network" }],
  [
    async () => Response.json({ results: { room: { error: { status: 503, data: "away" } } } }),
    { status: 503, data: "away" },
  ],
])("a loader that cannot run keeps its data and says why, until it has run", async (fetch, error) => {
  await browser.open("/rooms/1");
  app.line.cut();
  app.post("1", "missed");
  app.line.forget("room:1");
  vi.stubGlobal("fetch", fetch);
  await browser.after(() => app.line.restore(), 1000);
  expect([browser.messages, browser.text("#problem")]).toEqual([["first"], undefined]);
  expect(status()).toMatchObject({ isStale: true, error });
  vi.stubGlobal("fetch", app.fetch);
  await browser.pass(5000);
  expect(status()).toEqual({ isStale: false });
});

test("a refusal is an answer: the nearest boundary shows it", async () => {
  await browser.open("/rooms/1");
  app.line.cut();
  app.post("1", "missed");
  app.rooms.delete("1");
  app.line.forget("room:1");
  await browser.after(() => app.line.restore(), 1000);
  expect(JSON.parse(browser.text("#problem") ?? "")).toMatchObject({ status: 404 });
});
