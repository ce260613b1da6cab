import { afterEach, expect, test, vi } from "vitest";
import { ask } from "./request.js";

afterEach(() => void vi.unstubAllGlobals());

/** What the server gets to see of a request. */
async function asked(
  url: string,
  init: RequestInit = {},
  after: readonly string[] = [],
  root = "",
): Promise<Request> {
  const seen = vi.fn(async (input: string, sent: RequestInit) => {
    requests.push(new Request(input, sent));
    return Response.json({ build: "b1", results: {} });
  });
  const requests: Request[] = [];
  vi.stubGlobal("fetch", seen);
  await ask({ request: new Request(url, init), routes: ["routes/shell", "routes/room"], after }, root);
  const [request] = requests;
  if (!request) throw new Error("nothing was asked");
  return request;
}

test.each([
  ["http://localhost/shop/rooms/1", "http://localhost/shop/__data/rooms/1?_routes=routes%2Fshell,routes%2Froom"],
  ["http://localhost/shop", "http://localhost/shop/__data?_routes=routes%2Fshell,routes%2Froom"],
])("the data of an application below /shop lies below it", async (page, data) => {
  expect((await asked(page, {}, [], "/shop")).url).toBe(data);
});

test("the routes are appended to the page's own query", async () => {
  const { url, method } = await asked("http://localhost/rooms/1?x=a+b");
  expect([method, url]).toEqual([
    "GET",
    "http://localhost/__data/rooms/1?x=a+b&_routes=routes%2Fshell,routes%2Froom",
  ]);
});

test("the root's data lies at the root", async () => {
  expect((await asked("http://localhost/")).url).toBe(
    "http://localhost/__data/?_routes=routes%2Fshell,routes%2Froom",
  );
});

test("a form goes with the loaders that shall run after it", async () => {
  const request = await asked(
    "http://localhost/rooms/1",
    { method: "POST", body: new URLSearchParams({ text: "hé" }) },
    ["routes/room"],
  );
  expect(request.url).toContain("&_after=routes%2Froom");
  expect(request.headers.get("content-type")).toContain("application/x-www-form-urlencoded");
  expect((await request.formData()).get("text")).toBe("hé");
});

test("files arrive as files, JSON as JSON", async () => {
  const form = new FormData();
  form.set("picture", new File(["pixels"], "cat.png", { type: "image/png" }));
  const upload = await (await asked("http://localhost/", { method: "POST", body: form })).formData();
  expect(upload.get("picture")).toMatchObject({ name: "cat.png", type: "image/png" });

  const headers = { "content-type": "application/json" };
  const json = await asked("http://localhost/", { method: "PUT", body: '{"a":1}', headers });
  expect([json.method, json.headers.get("content-type"), await json.json()]).toEqual([
    "PUT",
    "application/json",
    { a: 1 },
  ]);
});
