// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test } from "vitest";
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

test("a page hydrates without a warning and without a request", async () => {
  browser.receive("/rooms/1");
  expect(browser.messages).toEqual(["first"]);
  const item = document.querySelector("li");
  await browser.hydrate();
  await browser.pass();
  expect(document.querySelector("li")).toBe(item);
  expect(document.documentElement.dataset.hydrated).toBe("");
  expect(browser.text("#line")).toBe("open");
  expect(browser.complaints).toEqual([]);
  expect(app.requests).toEqual([]);
});

test("publications before, during and after hydration are shown once each, in order", async () => {
  browser.receive("/rooms/1");
  app.post("1", "before");
  const hydrated = browser.hydrate();
  app.post("1", "during");
  await hydrated;
  await browser.after(() => app.post("1", "after"));
  expect(browser.messages).toEqual(["first", "before", "during", "after"]);
  expect(browser.complaints).toEqual([]);
  expect(app.requests).toEqual([]);
});

test("StrictMode's double mount opens one connection and one subscription", async () => {
  await browser.open("/rooms/1");
  expect(app.line).toMatchObject({ connections: 1, subscriptions: 1 });
});

test("a page without live data opens no line", async () => {
  await browser.open("/lobby");
  await browser.pass(5000);
  expect(app.line.connections).toBe(0);
  expect(browser.text("#line")).toBe("idle");
});

test.each(["/rooms/9", "/nowhere"])(
  "the error document of %s hydrates as the server has rendered it",
  async (url) => {
    browser.receive(url);
    const problem = browser.text("#problem");
    expect(problem).toContain("404");
    await browser.hydrate();
    expect(browser.text("#problem")).toBe(problem);
    expect(browser.complaints).toEqual([]);
  },
);

test("a document without page data says so", async () => {
  document.body.replaceChildren();
  await expect(browser.hydrate()).rejects.toThrow("not made by an Offhook server");
});
