// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeWebSocket } from "../testing/FakeWebSocket.js";
import type { Publication } from "../types.js";
import { CentrifugeLine } from "./centrifuge.js";
import type { SubscriptionListener, SubscriptionStart } from "./line.js";

let line: CentrifugeLine;
let answered: number;
const onConnected = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("reportError", vi.fn());
  FakeWebSocket.install();
  onConnected.mockReset();
  answered = 0;
  line = new CentrifugeLine("ws://server/connection/websocket", { data: { build: "b1" }, onConnected });
});
afterEach(() => {
  line.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** The commands that the line has sent since the last question, from the newest connection. */
function commands(): Record<string, unknown>[] {
  const frames = FakeWebSocket.last.sent.join("\n").split("\n").filter(Boolean);
  const fresh = frames.slice(answered).map((frame) => JSON.parse(frame));
  answered = frames.length;
  return fresh;
}

async function serve(...messages: object[]): Promise<void> {
  FakeWebSocket.last.receive(messages.map((message) => JSON.stringify(message)).join("\n"));
  await vi.advanceTimersByTimeAsync(0);
}

/** Opens the connection and answers the connect command, and the subscribe command if there is one. */
async function accept(subscribed: object = {}): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  FakeWebSocket.last.accept();
  await vi.advanceTimersByTimeAsync(0);
  for (const { id, connect } of commands()) {
    const reply = connect
      ? { connect: { client: "c1", version: "1", ping: 25, pong: true, data: { build: "b1" } } }
      : { subscribe: subscribed };
    await serve({ id, ...reply });
  }
}

class Listener implements SubscriptionListener {
  readonly starts: SubscriptionStart[] = [];
  readonly publications: Publication[] = [];
  readonly others: string[] = [];
  onSubscribed = (start: SubscriptionStart) => void this.starts.push(start);
  onPublication = (publication: Publication) => void this.publications.push(publication);
  onJoin = () => void this.others.push("join");
  onLeave = () => void this.others.push("leave");
  onInterrupted = () => void this.others.push("interrupted");
  onUnsubscribed = (code: number) => void this.others.push(`unsubscribed ${code}`);
}

const since = { offset: 1, epoch: "abc" };
const recovered = {
  recoverable: true,
  positioned: true,
  ...since,
  was_recovering: true,
  recovered: true,
  publications: [
    { data: 2, offset: 2 },
    { data: 3, offset: 3 },
  ],
};

test("the connection says which build it belongs to, and tells of the server's", async () => {
  line.open();
  expect(line.state).toEqual({ status: "connecting" });
  FakeWebSocket.last.accept();
  await vi.advanceTimersByTimeAsync(0);
  expect(commands()).toMatchObject([{ connect: { name: "offhook", data: { build: "b1" } } }]);
  await serve({ id: 1, connect: { client: "c1", version: "1", data: { build: "b2" } } });
  expect(line.state).toEqual({ status: "open", transport: "websocket", latency: 0 });
  expect(onConnected).toHaveBeenCalledWith({ build: "b2" });
});

test("latency is what the reply to the first command took, of the newest connection", async () => {
  line.open();
  FakeWebSocket.last.accept();
  await vi.advanceTimersByTimeAsync(40);
  await serve({ id: 1, connect: { client: "c1", version: "1" } });
  expect(line.state.latency).toBe(40);
});

test("the last recovery is told: when it was, and whether anything was lost", async () => {
  line.open();
  line.subscribe("room:1", { since, joinLeave: false }, new Listener());
  await accept(recovered);
  expect(line.state.recovered).toBeUndefined();
  for (const [answer, lost] of [
    [recovered, false],
    [{ recoverable: true, offset: 9, epoch: "xyz", was_recovering: true }, true],
  ] as const) {
    FakeWebSocket.last.end(1006);
    answered = 0;
    await vi.advanceTimersByTimeAsync(2000);
    await accept(answer);
    expect(line.state).toMatchObject({ status: "open", recovered: { at: Date.now(), lost } });
  }
});

test("a waiting attempt is brought forward when the page is looked at again or the network is back", async () => {
  line.open();
  await accept();
  vi.spyOn(Math, "random").mockReturnValue(0.99);
  for (const wake of [
    () => document.dispatchEvent(new Event("visibilitychange")),
    () => dispatchEvent(new Event("online")),
  ]) {
    for (let failures = 0; failures < 6; failures += 1) {
      FakeWebSocket.last.end(1006);
      await vi.advanceTimersByTimeAsync(20_000);
    }
    FakeWebSocket.last.end(1006);
    const before = FakeWebSocket.opened.length;
    wake();
    await vi.advanceTimersByTimeAsync(500);
    expect(FakeWebSocket.opened).toHaveLength(before + 1);
    answered = 0;
    await accept();
  }
  vi.mocked(Math.random).mockRestore();
});

test("offline is believed at once, and a closed line does not listen any more", async () => {
  line.open();
  await accept();
  dispatchEvent(new Event("offline"));
  expect(line.state.status).toBe("connecting");
  line.close();
  const before = FakeWebSocket.opened.length;
  dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeWebSocket.opened).toHaveLength(before);
});

test("a channel starts at its position: what was published since comes first", async () => {
  const listener = new Listener();
  line.open();
  line.subscribe("room:1", { since, joinLeave: true }, listener);
  await accept(recovered);
  expect(FakeWebSocket.last.sent.join()).toContain('"recover":true,"offset":1,"epoch":"abc"');
  expect(FakeWebSocket.last.sent.join()).toContain('"join_leave":true');
  expect(listener.starts).toEqual([{ position: since, lost: false }]);
  await serve({ push: { channel: "room:1", pub: { data: 4, offset: 4 } } });
  expect(listener.publications.map(({ data }) => data)).toEqual([2, 3, 4]);
});

test("a recovery that failed is told with the new position", async () => {
  const listener = new Listener();
  line.open();
  line.subscribe("room:1", { since, joinLeave: false }, listener);
  await accept({ recoverable: true, offset: 9, epoch: "xyz", was_recovering: true });
  expect(listener.starts).toEqual([{ position: { offset: 9, epoch: "xyz" }, lost: true }]);
});

test("after a loss it comes back by itself, at a random moment, and goes on where it was", async () => {
  const listener = new Listener();
  line.open();
  line.subscribe("room:1", { since, joinLeave: false }, listener);
  await accept(recovered);
  FakeWebSocket.last.end(1006);
  answered = 0;
  expect(line.state.status).toBe("connecting");
  expect(listener.others).toContain("interrupted");
  expect(FakeWebSocket.opened).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(FakeWebSocket.opened).toHaveLength(2);
  FakeWebSocket.last.accept();
  await vi.advanceTimersByTimeAsync(0);
  expect(FakeWebSocket.last.sent.join()).toContain('"offset":3');
});

test("an end for good is not followed by another attempt", async () => {
  line.open();
  await accept();
  FakeWebSocket.last.end(3501, "bad request");
  expect(line.state).toEqual({ status: "closed", code: 3501, reason: "bad request", since: Date.now() });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeWebSocket.opened).toHaveLength(1);
  line.open();
  expect(line.state.status).toBe("connecting");
});

test("closing is idle, and can be opened again", async () => {
  line.open();
  await accept();
  line.close();
  expect(line.state).toEqual({ status: "idle" });
  line.open();
  answered = 0;
  await accept();
  expect(line.state.status).toBe("open");
});

test("an exception in a listener ends nothing", async () => {
  const listener = new Listener();
  listener.onPublication = () => {
    throw new Error("in a listener");
  };
  line.open();
  line.subscribe("room:1", { since: undefined, joinLeave: false }, listener);
  await accept();
  await serve({ push: { channel: "room:1", pub: { data: 1 } } });
  expect(line.state.status).toBe("open");
  expect(reportError).toHaveBeenCalledOnce();
});

test("pings change no state", async () => {
  line.open();
  await accept();
  const changed = vi.fn();
  line.watch(changed);
  await serve({});
  expect(changed).not.toHaveBeenCalled();
});

test("joins, leaves and an end by the server are told; after the own end nothing is", async () => {
  const listener = new Listener();
  line.open();
  const subscription = line.subscribe("room:1", { since: undefined, joinLeave: true }, listener);
  await accept();
  listener.others.length = 0;
  const info = { user: "ada", client: "c2" };
  await serve({ push: { channel: "room:1", join: { info } } }, { push: { channel: "room:1", leave: { info } } });
  await serve({ push: { channel: "room:1", unsubscribe: { code: 2000, reason: "server unsubscribe" } } });
  expect(listener.others).toEqual(["join", "leave", "unsubscribed 2000"]);
  subscription.end();
  line.subscribe("room:1", { since: undefined, joinLeave: false }, new Listener());
  expect(listener.others).toHaveLength(3);
});

test("publish, history and presence are calls", async () => {
  line.open();
  await accept();
  const published = line.publish("room:1", { text: "hi" });
  const history = line.history("room:1", { limit: 2 });
  const presence = line.presence("room:1");
  await vi.advanceTimersByTimeAsync(0);
  const [publish, read, who] = commands();
  expect(publish).toMatchObject({ publish: { channel: "room:1", data: { text: "hi" } } });
  const info = { user: "ada", client: "c2", conn_info: { name: "Ada" } };
  await serve(
    { id: publish?.id, publish: {} },
    { id: read?.id, history: { publications: [{ data: 1, offset: 1 }], offset: 1, epoch: "abc" } },
    { id: who?.id, presence: { presence: { c2: info } } },
  );
  await published;
  expect(await history).toMatchObject({ publications: [{ data: 1, offset: 1 }], position: since });
  expect(await presence).toMatchObject([{ user: "ada", client: "c2", connInfo: { name: "Ada" } }]);
});

test("a call of a channel is a remote procedure of its name", async () => {
  line.open();
  await accept();
  const sum = line.call("room:1", { add: 2 });
  await vi.advanceTimersByTimeAsync(0);
  const [command] = commands();
  expect(command).toMatchObject({ rpc: { method: "room:1", data: { add: 2 } } });
  await serve({ id: command?.id, rpc: { data: { sum: 5 } } });
  expect(await sum).toEqual({ sum: 5 });
});

test("a refused call says why", async () => {
  line.open();
  await accept();
  const published = line.publish("room:1", 1).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(0);
  await serve({ id: commands()[0]?.id, error: { code: 103, message: "permission denied" } });
  expect(await published).toMatchObject({ code: 103, message: "permission denied" });
});
