// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test } from "vitest";
import { Browser } from "../testing/Browser.js";
import { ChatApp } from "../testing/chat.js";

const REFUSED = '{"errors":{"text":"say something"}}';
let app: ChatApp;
let browser: Browser;

beforeEach(() => {
  Browser.setUp();
  app = new ChatApp();
  browser = new Browser(app);
});
afterEach(() => browser.tearDown());

test("a form's error stays while the loader runs again for somebody else's publication", async () => {
  await browser.open("/stats");
  await browser.say("");
  expect(browser.text("#answer")).toBe(REFUSED);
  for (const total of [2, 3]) {
    await browser.after(() => app.post("1", "by another"), 1000);
    expect(browser.text("h1")).toBe(`${total} messages`);
    expect(browser.text("#answer")).toBe(REFUSED);
  }
});

test("so does that of a form which was sent without a script", async () => {
  browser.receive("/stats", new URLSearchParams({ text: "" }));
  expect(browser.text("#answer")).toBe(REFUSED);
  await browser.hydrate();
  await browser.after(() => app.post("1", "by another"), 1000);
  expect(browser.text("h1")).toBe("2 messages");
  expect(browser.text("#answer")).toBe(REFUSED);
  expect(browser.complaints).toEqual([]);
});

test("another answer takes its place", async () => {
  await browser.open("/stats");
  await browser.say("");
  await browser.after(() => app.post("1", "by another"), 1000);
  await browser.say("mine");
  expect(browser.text("#answer")).toContain("mine");
});

test.each(["form", "link"])("a navigation by a %s takes the answer away", async (way) => {
  await browser.open("/stats");
  await browser.say("");
  await browser.after(() => app.post("1", "by another"), 1000);
  await (way === "form" ? browser.say("go") : browser.click("a[href^='/stats']"));
  expect(browser.text("#answer")).toBe("");
});

test("an answer does not come back with its page", async () => {
  await browser.open("/stats");
  await browser.say("");
  await browser.click("a[href='/lobby']");
  await browser.after(() => history.back(), 100);
  expect(browser.text("h1")).toBe("1 messages");
  expect(browser.text("#answer")).toBe("");
});
