// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeEventSource, FakeHttp } from "../testing/FakeHttp.js";
import { FakeWebSocket } from "../testing/FakeWebSocket.js";
import { CentrifugeLine } from "./centrifuge.js";

const CONNECTED = { client: "c1", version: "1", ping: 25, pong: true, session: "secret", node: "n1" };
const reply = (id: number) => JSON.stringify({ id, connect: CONNECTED });

let line: CentrifugeLine;
let http: FakeHttp;

beforeEach(() => {
  vi.useFakeTimers();
  http = new FakeHttp();
  http.install();
  FakeWebSocket.install();
  FakeEventSource.install();
  line = new CentrifugeLine("wss://server/live/connection/websocket");
});
afterEach(() => {
  line.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds);

async function blockWebSockets(): Promise<void> {
  line.open();
  await settle();
  FakeWebSocket.last.end(1006);
  await settle();
}

test("where no WebSocket gets through, the line opens over HTTP at once and says so", async () => {
  await blockWebSockets();
  expect(http.last.url).toBe("https://server/live/connection/http_stream");
  const { id } = JSON.parse(http.last.body);
  await settle(40);
  http.last.write(`${reply(id)}\n`);
  await settle();
  expect(line.state).toEqual({ status: "open", transport: "http_stream", latency: 40 });
});

test("over HTTP, what the line says goes to /emulation with the session and its process", async () => {
  await blockWebSockets();
  http.last.write(`${reply(1)}\n`);
  await settle();
  line.publish("room:1", "hello").catch(() => {}); // it is not answered
  await settle();
  expect(http.last.url).toBe("https://server/live/emulation");
  const { session, node, data } = JSON.parse(http.last.body);
  expect([session, node]).toEqual(["secret", "n1"]);
  expect(JSON.parse(data)).toMatchObject({ publish: { channel: "room:1", data: "hello" } });
});

test("where an answer that goes on does not get through either, it is events", async () => {
  http.isBroken = true;
  await blockWebSockets();
  await settle(1);
  const [events] = FakeEventSource.opened;
  expect(events?.url).toMatch("https://server/live/connection/sse?cf_connect=");
  const { id } = JSON.parse(new URL(events?.url ?? "").searchParams.get("cf_connect") ?? "");
  events?.onopen?.();
  await settle(30);
  events?.onmessage?.({ data: reply(id) });
  await settle();
  expect(line.state).toMatchObject({ status: "open", transport: "sse" });
  expect(line.state.latency).toBeGreaterThanOrEqual(30);
});

test("where nothing gets through it begins again with the WebSocket", async () => {
  http.isBroken = true;
  await blockWebSockets();
  await settle(1);
  FakeEventSource.opened[0]?.onerror?.();
  await settle(1000);
  expect(FakeWebSocket.opened).toHaveLength(2);
  expect(line.state.status).toBe("connecting");
});

async function acceptWebSocket(): Promise<void> {
  FakeWebSocket.last.accept();
  await settle();
  FakeWebSocket.last.receive(reply(JSON.parse(String(FakeWebSocket.last.sent.at(-1))).id));
  await settle();
}

test("a WebSocket that worked is tried for some minutes before HTTP is", async () => {
  line.open();
  await settle();
  await acceptWebSocket();
  FakeWebSocket.last.end(1006);
  await settle(60_000);
  expect(http.requests).toEqual([]);
  await settle(240_000);
  expect(http.requests[0]?.url).toMatch("/connection/http_stream");
});

test("a line that was open over HTTP tries the WebSocket again when it has to reconnect", async () => {
  await blockWebSockets();
  http.last.write(`${reply(1)}\n`);
  await settle();
  expect(line.state.transport).toBe("http_stream");
  http.last.end();
  await settle(4000);
  expect(FakeWebSocket.opened).toHaveLength(2);
  await acceptWebSocket();
  expect(line.state.transport).toBe("websocket");
});

test("an attempt that hangs is given up for a new one when the page is looked at again", async () => {
  line.open();
  await settle(1000);
  document.dispatchEvent(new Event("visibilitychange"));
  await settle(600);
  expect(FakeWebSocket.opened).toHaveLength(2);
  await acceptWebSocket();
  expect(line.state.status).toBe("open");
});

test("where there is no EventSource, nothing gets through and the line is opened again, it goes on trying", async () => {
  vi.stubGlobal("EventSource", undefined);
  line = new CentrifugeLine("wss://server/live/connection/websocket");
  http.isBroken = true;
  await blockWebSockets();
  await settle(1);
  line.close();
  line.open();
  for (let attempts = 0; attempts < 4; attempts += 1) {
    await settle(20_000);
    FakeWebSocket.last.end(1006);
  }
  expect(line.state.status).toBe("connecting");
  expect(FakeWebSocket.opened.length).toBeGreaterThan(2);
});
