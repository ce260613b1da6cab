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

test("a navigation is one request, for what is new on the screen", async () => {
  await browser.open("/lobby");
  await browser.click("a[href='/rooms/1']");
  expect(browser.messages).toEqual(["first"]);
  expect(app.requests).toEqual(["GET /__data/rooms/1?_routes=sidebar,room"]);
});

test("the page's own query goes along unchanged", async () => {
  await browser.open("/lobby");
  const requested = vi.fn(app.fetch);
  vi.stubGlobal("fetch", requested);
  await browser.click("a[href^='/stats']");
  expect(requested.mock.lastCall?.[0]).toBe(
    `${location.origin}/__data/stats?q=a+b%2C&q=%C3%A4&_routes=shell,sidebar,stats`,
  );
});

test("a mutation is one request, together with the data after it", async () => {
  await browser.open("/rooms/1");
  await browser.say("mine");
  expect(browser.text("#answer")).toContain("mine");
  expect(app.requests).toHaveLength(1);
  await browser.click("form:nth-of-type(2) button");
  expect(browser.messages).toEqual(["first", "mine", "by fetcher"]);
  expect(app.requests).toHaveLength(2);
});

test("an invalid form is action data, and loads nothing again", async () => {
  await browser.open("/rooms/1");
  await browser.say("");
  expect(browser.text("#answer")).toBe('{"errors":{"text":"say something"}}');
  expect(app.requests).toHaveLength(1);
});

test("an action's redirect is followed", async () => {
  await browser.open("/rooms/1");
  await browser.say("go");
  expect(location.pathname).toBe("/rooms/2");
  expect(browser.messages).toEqual(["elsewhere"]);
});

test("a loader's redirect is followed", async () => {
  await browser.open("/lobby");
  app.signedIn = false;
  await browser.click("a[href='/rooms/1']");
  expect(location.pathname).toBe("/lobby");
});

test("an error is shown by the nearest boundary, with its status and data", async () => {
  await browser.open("/rooms/1");
  app.rooms.delete("2");
  await browser.click("a[href='/rooms/2']");
  expect(JSON.parse(browser.text("#problem") ?? "")).toMatchObject({
    status: 404,
    statusText: "Not Found",
    data: { detail: "no such room" },
  });
  expect(browser.text("#latest")).toBe("first");
});

test("a URL that no route matches is a 404 without a request", async () => {
  await browser.open("/lobby");
  await browser.click("a[href='/nowhere']");
  expect(browser.text("#problem")).toContain("404");
  expect(app.requests).toEqual([]);
});

test("an answer of another build loads the document instead", async () => {
  await browser.open("/lobby");
  app.build = "build2";
  await browser.click("a[href='/rooms/1']");
  expect(browser.left).toEqual([`${location.origin}/rooms/1`]);
  expect(browser.text("h1")).toBe("2 rooms");
});

test("a navigation to another build goes to the whole address", async () => {
  browser.receive("/lobby");
  const { router } = await browser.hydrate();
  app.build = "build2";
  await browser.after(() => void router.navigate("/rooms/1?from=lobby#last"));
  expect(browser.left).toEqual([`${location.origin}/rooms/1?from=lobby#last`]);
});

test("what runs in the background is used whatever its build, and the next navigation loads a document", async () => {
  browser.receive("/rooms/1");
  const { router } = await browser.hydrate();
  app.build = "build2";
  app.line.forget("room:1");
  await browser.after(() => app.post("1", "published"), 5000);
  await browser.after(() => void router.fetch("elsewhere", "room", "/rooms/2"));
  await browser.after(() => void router.revalidate());
  expect([browser.left, browser.messages]).toEqual([[], ["first", "published"]]);
  expect(router.state.fetchers.get("elsewhere")?.data ?? "dropped").toBeDefined();
  await browser.click("a[href='/lobby']");
  expect(browser.left).toEqual([`${location.origin}/lobby`]);
});

test("what an action of another build answers is shown: nothing is sent twice and nothing is left", async () => {
  await browser.open("/rooms/1");
  app.build = "build2";
  await browser.say("after the deploy");
  expect([browser.left, browser.messages]).toEqual([[], ["first", "after the deploy"]]);
  expect(app.requests).toEqual(["POST /__data/rooms/1?_routes=room&_after=shell,sidebar,room"]);
});

test("an action whose route the server does not know any more is sent to its address, once", async () => {
  await browser.open("/rooms/1");
  app.build = "build2";
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push(`${init.method} ${new URL(url).search} ${await (init.body as Blob).text()}`);
    const renamed = { build: "build2", results: { chat_room: { data: "saved" } } };
    return url.includes("_routes=")
      ? Response.json({ build: "build2", reload: true }, { status: 409 })
      : Response.json(renamed);
  });
  await browser.say("typed");
  expect(asked.filter((each) => each.startsWith("POST"))).toEqual([
    "POST ?_routes=room&_after=shell,sidebar,room text=typed",
    "POST  text=typed",
  ]);
  expect([browser.left, browser.text("#problem"), browser.text("#answer")]).toEqual([[], undefined, '"saved"']);
});

test("where a server does not know a route any more, a background run leaves the page as it is", async () => {
  browser.receive("/rooms/1");
  await browser.hydrate();
  vi.stubGlobal("fetch", async () => Response.json({ build: "build2", reload: true }, { status: 409 }));
  app.line.forget("room:1");
  await browser.after(() => app.post("1", "published"), 5000);
  expect([browser.left, browser.text("#problem")]).toEqual([[], undefined]);
});

test("once the line has told of another build, the next navigation loads the document", async () => {
  await browser.open("/rooms/1");
  browser.hearBuild("build1");
  await browser.click("a[href='/rooms/2']");
  expect(browser.left).toEqual([]);
  browser.hearBuild("build2");
  await browser.after(() => app.post("2", "still live"));
  expect(browser.messages).toEqual(["elsewhere", "still live"]);
  await browser.click("a[href='/lobby']");
  expect(browser.left).toEqual([`${location.origin}/lobby`]);
});

test("a server that does not know the page's routes makes it load the document", async () => {
  await browser.open("/lobby");
  vi.stubGlobal("fetch", async () => Response.json({ build: "build1", reload: true }, { status: 409 }));
  await browser.click("a[href='/rooms/1']");
  expect(browser.left).toEqual([`${location.origin}/rooms/1`]);
});

test("a refusal without results is an error with the answer's status", async () => {
  await browser.open("/rooms/1");
  vi.stubGlobal("fetch", async () => Response.json({ detail: "too large" }, { status: 413 }));
  await browser.say("long");
  expect(JSON.parse(browser.text("#problem") ?? "")).toMatchObject({ status: 413, data: { detail: "too large" } });
});

test("a double click is one submission; another text, and the same one after the answer, are of their own", async () => {
  await browser.open("/rooms/1");
  const held = Promise.withResolvers<void>();
  app.delay = held.promise;
  await browser.say("tea");
  await browser.say("tea");
  await browser.say("coffee");
  await browser.after(held.resolve);
  await browser.say("tea");
  expect(app.requests.filter((each) => each.startsWith("POST"))).toHaveLength(3);
});

test("an answer that is no data is an error", async () => {
  await browser.open("/lobby");
  vi.stubGlobal("reportError", vi.fn());
  vi.stubGlobal("fetch", async () => new Response("<h1>Welcome</h1>"));
  await browser.click("a[href='/rooms/1']");
  expect(browser.text("#problem")).toBeDefined();
});

test("what a server in front of the application refuses is an error with its status", async () => {
  await browser.open("/rooms/1");
  vi.stubGlobal("fetch", async () => new Response("<h1>Too large</h1>", { status: 413 }));
  await browser.say("long");
  const problem: unknown = JSON.parse(browser.text("#problem") ?? "");
  expect(problem).toMatchObject({ status: 413, data: { detail: "Content Too Large" } });
});

test("data that came with an action is used for that action only", async () => {
  await browser.open("/rooms/1");
  await browser.say("mine");
  await browser.click("a[href='/lobby']");
  await browser.click("a[href='/rooms/1']");
  expect(app.requests.at(-1)).toBe("GET /__data/rooms/1?_routes=sidebar,room");
});

test("an action whose page was left goes on, and the page that is open then loads what it has changed", async () => {
  await browser.open("/rooms/1");
  const held = Promise.withResolvers<void>();
  const asked: { readonly method: string; readonly signal: AbortSignal | undefined }[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push({ method: init.method ?? "GET", signal: init.signal ?? undefined });
    if (init.method === "POST") await held.promise;
    return app.fetch(url, init);
  });
  await browser.say("slow");
  await browser.click("a[href='/lobby']");
  const before = asked.length;
  await browser.after(held.resolve);
  expect([location.pathname, asked[0]]).toEqual(["/lobby", { method: "POST", signal: undefined }]);
  expect(asked.slice(before).map(({ method }) => method)).toEqual(["GET"]);
});

test("a page that returns from the back/forward cache runs its loaders", async () => {
  await browser.open("/rooms/1");
  app.signedIn = false;
  await browser.after(() => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  expect(location.pathname).toBe("/lobby"); // where the loader redirects to
});
