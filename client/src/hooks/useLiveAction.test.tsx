// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Browser } from "../testing/Browser.js";
import { BoardApp, board } from "../testing/board.js";

let app: BoardApp;
let browser: Browser;

beforeEach(() => {
  Browser.setUp();
  app = new BoardApp();
  browser = new Browser(app);
  board.renders.length = 0;
});
afterEach(() => browser.tearDown());

const cards = () => browser.messages;

/** Moves a card; the server acts at once, its answer arrives when the returned function is called. */
async function move(slug: string, column: string): Promise<() => Promise<void>> {
  let arrive = () => {};
  app.delay = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await browser.after(() => void board.move.submit({ slug, column }));
  app.delay = Promise.resolve();
  return () => browser.after(arrive);
}

/** Every column in which a card was ever shown, in order. */
function trace(slug: string): string[] {
  const columns = board.renders.flatMap((each) => each.find((card) => card.slug === slug)?.column ?? []);
  return columns.filter((column, i) => column !== columns[i - 1]);
}

test("a change is on the screen before the server has answered, and is one request", async () => {
  await browser.open("/boards/1");
  app.line.cut();
  const answer = await move("a", "done");
  expect(cards()).toEqual(["a done", "b todo"]);
  expect(board.move.pending).toBe(1);
  await answer();
  expect(cards()).toEqual(["a done", "b todo"]);
  expect(board.move).toMatchObject({ pending: 0, error: undefined });
  expect(app.requests).toHaveLength(1);
  expect(app.requests[0]).toMatch(/^POST \/__data\/boards\/1\?_routes=board&_after=board&_action=[0-9a-f]{32}$/);
});

test.each(["before", "after"])("the publication comes %s the answer: the card never moves back", async (order) => {
  await browser.open("/boards/1");
  if (order === "after") app.line.cut();
  const answer = await move("a", "done");
  await answer();
  await browser.after(() => order === "after" && app.line.restore());
  expect(trace("a")).toEqual(["todo", "done"]);
  await browser.after(() => app.move("a", "archive"));
  expect(cards()).toEqual(["a archive", "b todo"]);
});

test("somebody else's move of the same card shows as soon as it is newer than one's own", async () => {
  await browser.open("/boards/1");
  const answer = await move("a", "done");
  await browser.after(() => app.move("a", "archive"));
  expect(cards()[0]).toBe("a done");
  await answer();
  expect(cards()[0]).toBe("a archive");
  expect(trace("a")).toEqual(["todo", "done", "archive"]);
});

test.each([
  ["nowhere", { status: 422, data: { errors: { column: "no such column" } } }],
  ["broken", { status: 500, data: { detail: "Unexpected Server Error" } }],
])("an action that fails (%s) is taken back, and says why; no boundary shows it", async (column, error) => {
  await browser.open("/boards/1");
  const answer = await move("a", column);
  expect(cards()[0]).toBe(`a ${column}`);
  await answer();
  expect(cards()).toEqual(["a todo", "b todo"]);
  expect(board.move).toMatchObject({ pending: 0, error });
  expect(app.requests).toHaveLength(1);
  await (await move("a", "done"))();
  expect(board.move.error).toBeUndefined();
});

test("without a network the change is taken back, and what was published meanwhile stays", async () => {
  await browser.open("/boards/1");
  vi.stubGlobal("fetch", async () => {
    app.move("b", "done");
    throw new TypeError("no network");
  });
  await (await move("a", "done"))();
  expect(cards()).toEqual(["a todo", "b done"]);
  expect(board.move.error).toEqual({ status: 0, data: "no network" });
});

test("an answer that is no data, or a refusal, is a failure", async () => {
  await browser.open("/boards/1");
  vi.stubGlobal("fetch", async () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await (await move("a", "done"))();
  expect(board.move.error).toMatchObject({ status: 502 });
  vi.stubGlobal("fetch", async () => Response.json({ detail: "cross-site" }, { status: 403 }));
  await (await move("a", "done"))();
  expect(board.move.error).toEqual({ status: 403, data: { detail: "cross-site" } });
  expect(cards()).toEqual(["a todo", "b todo"]);
});

test("an address without an action is a failure of the action, and takes the change back", async () => {
  await browser.open("/boards/1");
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  await browser.after(() => void board.move.submit({ slug: "a", column: "done" }, { action: "/nowhere" }));
  expect(board.move).toMatchObject({ pending: 0, error: { status: 0 } });
});

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

test.each(ORDERS.flatMap((order) => [true, false].map((flowing) => [order.join(), flowing] as const)))(
  "three actions answered in the order %s, line flowing: %s: nothing ever moves back",
  async (order, flowing) => {
    await browser.open("/boards/1");
    if (!flowing) app.line.cut();
    const answers = [await move("a", "doing"), await move("b", "doing"), await move("a", "done")];
    expect(cards()).toEqual(["a done", "b doing"]);
    for (const i of order.split(",")) await answers[Number(i)]?.();
    await browser.pass(200);
    expect(cards()).toEqual(["a done", "b doing"]);
    expect([trace("a"), trace("b")]).toEqual([
      ["todo", "doing", "done"],
      ["todo", "doing"],
    ]);
    expect(board.move.pending).toBe(0);
    if (!flowing) await browser.after(() => app.line.restore());
    await browser.after(() => app.move("b", "archive"));
    expect(cards()).toEqual(["a done", "b archive"]);
  },
);

test("of several actions the one that failed is taken back alone", async () => {
  await browser.open("/boards/1");
  const first = await move("a", "doing");
  const failing = await move("b", "nowhere");
  const last = await move("a", "done");
  await failing();
  expect(cards()).toEqual(["a done", "b todo"]);
  await last();
  await first();
  await browser.pass(200);
  expect(cards()).toEqual(["a done", "b todo"]);
});

test("with nothing published the change is confirmed by the answer", async () => {
  await browser.open("/boards/1");
  app.isPublishing = false;
  const answers = [await move("a", "doing"), await move("b", "done")];
  await answers[1]?.();
  await answers[0]?.();
  await browser.pass(200);
  expect(cards()).toEqual(["a doing", "b done"]);
  expect(trace("a")).toEqual(["todo", "doing"]);
  expect(trace("b")).toEqual(["todo", "done"]);
});

test("a server that does not say what was published is understood as well", async () => {
  await browser.open("/boards/1");
  const { fetch } = app;
  vi.stubGlobal("fetch", (input: string, init: RequestInit) => fetch(input.replace("&_action=", "&x="), init));
  await (await move("a", "done"))();
  expect(cards()).toEqual(["a done", "b todo"]);
  await browser.after(() => app.move("a", "archive"));
  expect(trace("a")).toEqual(["todo", "done", "archive"]);
});

test("loader data that is newer than the publication ends the waiting for it", async () => {
  await browser.open("/boards/1");
  app.line.cut();
  vi.stubGlobal("fetch", async (input: string, init: RequestInit) => {
    const answer = await (await app.fetch(input, init)).json();
    return Response.json({ ...answer, after: undefined });
  });
  await (await move("a", "done"))();
  expect(cards()).toEqual(["a done", "b todo"]);
  app.cards = app.cards.map((card) => ({ ...card, column: "archive" }));
  await browser.after(() => board.move.submit({ slug: "b", column: "archive" }));
  expect(cards()).toEqual(["a archive", "b archive"]);
});

test("a navigation while an action is in flight takes its change nowhere else, and back to where it belongs", async () => {
  await browser.open("/boards/1");
  const answer = await move("a", "done");
  app.cards = app.cards.map((card) => ({ ...card, column: "todo" })); // as if the server were slow to act
  await browser.click("a[href='/boards/2']");
  expect(cards()).toEqual(["a todo", "b todo"]);
  await browser.click("a[href='/boards/1']");
  expect(cards()[0]).toBe("a done");
  await browser.click("a[href='/clock']");
  await answer();
  expect(browser.complaints).toEqual([]);
});

test("an action that is answered after its page has gone leaves nothing behind", async () => {
  await browser.open("/boards/1");
  const answer = await move("a", "done");
  await browser.click("a[href='/clock']");
  await answer();
  await browser.click("a[href='/boards/1']");
  expect(cards()[0]).toBe("a done");
  await browser.after(() => app.move("a", "archive"));
  expect(cards()[0]).toBe("a archive");
  expect(browser.complaints).toEqual([]);
});

test("without a reducer the change is shown until the loader has run after it", async () => {
  await browser.open("/summary/1");
  const answer = await move("a", "done");
  expect(cards()[0]).toBe("a done");
  await answer();
  await browser.pass(2000);
  expect(cards()[0]).toBe("a done");
  await browser.after(() => app.move("a", "archive"), 2000);
  expect(cards()[0]).toBe("a archive");
});

test("a server that lost its memory while an action was in flight keeps the change until the loader has it", async () => {
  await browser.open("/boards/1");
  const answer = await move("a", "done");
  app.line.cut();
  app.line.restart();
  await answer();
  await browser.after(() => app.line.restore(), 2000);
  expect(trace("a")).toEqual(["todo", "done"]);
  await browser.after(() => app.move("a", "archive"));
  expect(cards()[0]).toBe("a archive");
});

test("an older version never comes back, in whatever order publications arrive", async () => {
  await browser.open("/boards/1");
  const older = app.move("a", "doing");
  await browser.after(() => app.move("a", "done"));
  await browser.after(() => app.line.serve("board:1", older));
  expect(cards()[0]).toBe("a done");
});

test("a form is sent as a form, and its fields are what is applied", async () => {
  await browser.open("/boards/1");
  await browser.click("form button");
  expect(cards()[0]).toBe("a by form");
  const form = new FormData();
  for (const [name, value] of Object.entries({ slug: "b", column: "by data" })) form.set(name, value);
  await browser.after(() => void board.move.submit(form));
  expect(cards()).toEqual(["a by form", "b by data"]);
  expect(app.cards.map(({ column }) => column)).toEqual(["by form", "by data"]);
});

test("submit stays the same function", async () => {
  await browser.open("/boards/1");
  const { submit } = board.move;
  await (await move("a", "done"))();
  expect(board.move.submit).toBe(submit);
});
