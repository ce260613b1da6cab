// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Browser } from "../testing/Browser.js";
import { ChatApp, chat } from "../testing/chat.js";

let app: ChatApp;
let browser: Browser;
const { reducer } = chat;

beforeEach(() => {
  Browser.setUp();
  app = new ChatApp();
  browser = new Browser(app);
});
afterEach(() => {
  chat.reducer = reducer;
  return browser.tearDown();
});

test("another user's message appears without a request", async () => {
  await browser.open("/rooms/1");
  await browser.after(() => app.post("1", "hello"));
  expect(browser.messages).toEqual(["first", "hello"]);
  expect(app.requests).toEqual([]);
});

test("a burst is shown whole and in order", async () => {
  await browser.open("/rooms/1");
  const texts = Array.from({ length: 50 }, (_, i) => `message ${i}`);
  await browser.after(() => texts.map((text) => app.post("1", text)));
  expect(browser.messages).toEqual(["first", ...texts]);
});

test("one's own message is shown once when the publication comes before the answer", async () => {
  await browser.open("/rooms/1");
  await browser.say("mine");
  expect(browser.messages).toEqual(["first", "mine"]);
  expect(app.requests).toEqual(["POST /__data/rooms/1?_routes=room&_after=shell,sidebar,room"]);
});

test("one's own message is shown once when the answer comes before the publication", async () => {
  await browser.open("/rooms/1");
  app.line.cut();
  await browser.say("mine");
  expect(browser.messages).toEqual(["first", "mine"]);
  await browser.after(() => app.line.restore());
  expect(browser.messages).toEqual(["first", "mine"]);
});

test("a publication that arrives while an older answer is on its way is not lost with it", async () => {
  await browser.open("/rooms/1");
  let arrive = () => {};
  app.delay = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await browser.say("mine");
  await browser.after(() => app.post("1", "meanwhile"));
  expect(browser.messages).toEqual(["first", "mine", "meanwhile"]);
  await browser.after(arrive);
  expect(browser.messages).toEqual(["first", "mine", "meanwhile"]);
});

test("a cut is repaired without a request", async () => {
  await browser.open("/rooms/1");
  app.line.cut();
  await browser.after(() => app.post("1", "while cut"));
  expect(browser.messages).toEqual(["first"]);
  await browser.after(() => app.line.restore());
  expect(browser.messages).toEqual(["first", "while cut"]);
  expect(app.requests).toEqual([]);
});

test("a history that no longer reaches back runs the loaders again, and nothing is applied before", async () => {
  await browser.open("/rooms/1");
  app.line.cut();
  app.post("1", "forgotten");
  app.line.forget("room:1");
  vi.spyOn(Math, "random").mockReturnValue(0.9);
  await browser.after(() => {
    app.line.restore();
    app.post("1", "after the hole");
  });
  expect(browser.messages).toEqual(["first"]);
  await browser.pass(500);
  expect(browser.messages).toEqual(["first", "forgotten", "after the hole"]);
  expect(app.requests).toEqual(["GET /__data/rooms/1?_routes=sidebar,room"]);
});

test("a server that lost its memory makes each live route load again, once", async () => {
  await browser.open("/rooms/1");
  await browser.after(() => app.post("1", "kept in the database"));
  app.line.cut();
  app.line.restart();
  await browser.after(() => app.line.restore(), 1000);
  expect(browser.messages).toEqual(["first", "kept in the database"]);
  expect(app.requests).toEqual(["GET /__data/rooms/1?_routes=sidebar,room"]);
  await browser.after(() => app.post("1", "and on it goes"));
  expect(browser.messages).toEqual(["first", "kept in the database", "and on it goes"]);
});

test("a page that was kept too long before it hydrated heals in the same way", async () => {
  browser.receive("/rooms/1");
  app.post("1", "forgotten");
  app.line.forget("room:1");
  await browser.hydrate();
  await browser.pass(1000);
  expect(browser.messages).toEqual(["first", "forgotten"]);
  expect(browser.complaints).toEqual([]);
});

test("a reload that fails leaves the page as it is, and is tried again", async () => {
  await browser.open("/rooms/1");
  app.line.cut();
  app.post("1", "missed");
  app.line.forget("room:1");
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  await browser.after(() => app.line.restore(), 1000);
  expect(browser.messages).toEqual(["first"]);
  expect(browser.text("#problem")).toBeUndefined();
  vi.stubGlobal("fetch", app.fetch);
  await browser.pass(5000);
  expect(browser.messages).toEqual(["first", "missed"]);
});

test("without a reducer the route's loader runs again, and no other one", async () => {
  await browser.open("/stats");
  expect(browser.text("h1")).toBe("1 messages");
  await browser.after(() => app.post("1", "hello"), 100);
  expect(browser.text("h1")).toBe("2 messages");
  expect(app.requests).toEqual(["GET /__data/stats?_routes=stats"]);
});

test("without a reducer a burst is one request in flight and one after it", async () => {
  await browser.open("/stats");
  let arrive = () => {};
  app.delay = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await browser.after(() => app.post("1", "a"), 100);
  for (const text of ["b", "c", "d"]) await browser.after(() => app.post("1", text));
  expect(app.requests).toHaveLength(1);
  await browser.after(arrive, 1000);
  expect(browser.text("h1")).toBe("5 messages");
  expect(app.requests).toHaveLength(2);
  await browser.pass(60_000);
  expect(app.requests).toHaveLength(2);
});

test("two routes on one channel go on from different positions", async () => {
  await browser.open("/stats");
  await browser.after(() => app.post("1", "a"), 100);
  expect([browser.text("h1"), browser.text("#latest")]).toEqual(["2 messages", "a"]);
  await browser.click("a[href='/rooms/1']");
  await browser.after(() => app.post("1", "b"));
  expect(browser.messages).toEqual(["first", "a", "b"]);
  expect(browser.text("#latest")).toBe("b");
  expect(app.line.connections).toBe(1);
});

test("going from room to room leaves no message behind and takes none along", async () => {
  await browser.open("/rooms/1");
  await browser.click("a[href='/rooms/2']");
  expect(browser.messages).toEqual(["elsewhere"]);
  await browser.after(() => app.post("1", "for room 1"));
  await browser.after(() => app.post("2", "for room 2"));
  expect(browser.messages).toEqual(["elsewhere", "for room 2"]);
  await browser.click("a[href='/rooms/1']");
  expect(browser.messages).toEqual(["first", "for room 1"]);
  expect(app.line.connections).toBe(1);
});

test("the line closes a moment after the last live route has gone, and opens again", async () => {
  await browser.open("/rooms/1");
  await browser.click("a[href='/lobby']");
  expect(browser.text("#line")).toBe("open");
  await browser.pass(1100);
  expect(browser.text("#line")).toBe("idle");
  await browser.click("a[href='/rooms/1']");
  expect(browser.text("#line")).toBe("open");
});

test("a reducer that throws is shown by the boundary, and the line lives on", async () => {
  await browser.open("/rooms/1");
  vi.stubGlobal("reportError", vi.fn());
  chat.reducer = () => {
    throw new Error("in the reducer");
  };
  await browser.after(() => app.post("1", "hello"));
  expect(browser.text("#problem")).toBeDefined();
  expect(browser.text("#line")).toBe("open");
  expect(browser.text("#latest")).toBe("hello");
  chat.reducer = reducer;
  await browser.click("a[href='/rooms/2']");
  await browser.after(() => app.post("2", "unharmed"));
  expect(browser.messages).toEqual(["elsewhere", "unharmed"]);
});

test("a reducer that appends instead of upserting is named in development", async () => {
  await browser.open("/rooms/1");
  chat.reducer = (page, message) => ({ ...page, messages: [...page.messages, message] });
  await browser.after(() => app.post("1", "hello"));
  expect(browser.complaints.flat().join()).toContain('the reducer of route "room" is not idempotent');
});

test("a line that the server ends makes the page ask what the user may see now", async () => {
  await browser.open("/rooms/1");
  app.signedIn = false;
  await browser.after(() => app.line.refuse(3501, "bad request"));
  expect(browser.text("h1")).toBe("2 rooms");
  await browser.pass(60_000);
  expect(app.line.connections).toBe(1);
  expect(app.requests.filter((request) => request.includes("/rooms/1"))).toHaveLength(1);
});

test("a line that the server ends although the page may stay does not come back in a loop", async () => {
  await browser.open("/rooms/1");
  await browser.after(() => app.line.refuse(3501, "bad request"), 60_000);
  expect(browser.text("#line")).toBe("closed");
  expect(app.line.connections).toBe(1);
  expect(app.requests).toHaveLength(1);
  await browser.say("signing in, say");
  expect(browser.text("#line")).toBe("open");
  expect(browser.messages).toEqual(["first", "signing in, say"]);
});

test("a channel that the server ends makes its route load again, once", async () => {
  await browser.open("/rooms/2");
  await browser.after(() => app.line.expel("room:2", 2000, "server unsubscribe"), 60_000);
  expect(app.requests).toEqual(["GET /__data/rooms/2?_routes=room"]);
});

test("presence shows who is here", async () => {
  app.line.joins("room:1", { user: "ada", client: "1" });
  await browser.open("/rooms/1");
  expect(browser.text("#members")).toBe("ada");
  await browser.after(() => app.line.joins("room:1", { user: "bob", client: "2" }));
  expect(browser.text("#members")).toBe("ada,bob");
});
