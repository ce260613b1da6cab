// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isFinal, Socket, type SocketOptions } from "./socket.js";
import { FakeWebSocket } from "./testing/FakeWebSocket.js";

const heard: unknown[] = [];
const unsent: unknown[] = [];
const options: SocketOptions = {
  protocols: ["v1"],
  onMessage: (message) => void heard.push(message),
  onUnsent: (data) => void unsent.push(data),
  queue: 3,
  deadline: 1000,
};
let socket: Socket;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  vi.stubGlobal("reportError", vi.fn());
  FakeWebSocket.install();
  heard.length = 0;
  unsent.length = 0;
  socket = new Socket("ws://server/echo", options);
});
afterEach(() => {
  socket.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The page is looked at again. */
function show(): void {
  document.dispatchEvent(new Event("visibilitychange"));
}

test("what is sent before it is open is sent then, in order", () => {
  socket.hold();
  expect([socket.send("a"), socket.send("b")]).toEqual([true, true]);
  expect(FakeWebSocket.last.sent).toEqual([]);
  FakeWebSocket.last.accept();
  socket.send("c");
  expect(FakeWebSocket.last).toMatchObject({ url: "ws://server/echo", protocols: ["v1"], sent: ["a", "b", "c"] });
});

test("what waits is bounded", () => {
  socket.hold();
  const taken = ["a", "b", "c", "d"].map((text) => socket.send(text));
  expect(taken).toEqual([true, true, true, false]);
});

test("what waited too long is given back, and not sent late", () => {
  socket.hold();
  socket.send("old");
  vi.advanceTimersByTime(600);
  socket.send("young");
  vi.advanceTimersByTime(400);
  expect(unsent).toEqual(["old"]);
  FakeWebSocket.last.accept();
  expect(FakeWebSocket.last.sent).toEqual(["young"]);
  vi.advanceTimersByTime(5000);
  expect(unsent).toEqual(["old"]);
});

test("what waits when the socket ends for good is given back", () => {
  socket.hold();
  socket.send("a");
  FakeWebSocket.last.end(1008, "no");
  expect(unsent).toEqual(["a"]);
});

test("a waiting attempt is brought forward when the network is back or the page is looked at again", () => {
  socket.hold();
  for (const delay of [250, 500, 1000, 2000, 4000]) {
    FakeWebSocket.last.end(1006);
    vi.advanceTimersByTime(delay);
  }
  FakeWebSocket.last.end(1006);
  for (const wake of [() => dispatchEvent(new Event("online")), () => show()]) {
    const before = FakeWebSocket.opened.length;
    vi.advanceTimersByTime(200);
    wake();
    vi.advanceTimersByTime(250);
    expect(FakeWebSocket.opened).toHaveLength(before + 1);
    FakeWebSocket.last.end(1006);
  }
});

test("waking up opens nothing beside an open connection, nor after the end", async () => {
  const release = socket.hold();
  FakeWebSocket.last.accept();
  show();
  vi.advanceTimersByTime(1000);
  release();
  await vi.advanceTimersByTimeAsync(0);
  show();
  vi.advanceTimersByTime(60_000);
  expect(FakeWebSocket.opened).toHaveLength(1);
});

test("every message is heard, and an exception in application code harms none", () => {
  const failing = new Socket("ws://server/", {
    ...options,
    onMessage: (message) => {
      heard.push(message);
      throw new Error("in application code");
    },
  });
  failing.hold();
  FakeWebSocket.last.accept();
  for (const text of ["a", "a", "b"]) FakeWebSocket.last.receive(text);
  expect(heard).toEqual(["a", "a", "b"]);
  expect(failing.state()).toMatchObject({ status: "open", lastMessage: "b" });
});

test("a lost connection comes back after a random delay that grows, and shrinks again once it was open", () => {
  socket.hold();
  for (const delay of [250, 500, 1000]) {
    const before = FakeWebSocket.opened.length;
    FakeWebSocket.last.end(1006);
    expect(socket.state()).toMatchObject({ status: "connecting", code: 1006 });
    vi.advanceTimersByTime(delay - 1);
    expect(FakeWebSocket.opened).toHaveLength(before);
    vi.advanceTimersByTime(1);
    expect(FakeWebSocket.opened).toHaveLength(before + 1);
  }
  FakeWebSocket.last.accept();
  FakeWebSocket.last.end(1012);
  vi.advanceTimersByTime(250);
  expect(FakeWebSocket.opened).toHaveLength(5);
});

test("an end that the server means stays", () => {
  socket.hold();
  FakeWebSocket.last.accept();
  FakeWebSocket.last.end(1000, "done");
  vi.advanceTimersByTime(60_000);
  expect(socket.state()).toMatchObject({ status: "closed", code: 1000, reason: "done" });
  expect(socket.send("late")).toBe(false);
  expect(FakeWebSocket.opened).toHaveLength(1);
});

test("closing is final, and what the old connection still says is not heard", () => {
  socket.hold();
  FakeWebSocket.last.accept();
  socket.close(4000, "enough");
  FakeWebSocket.last.receive("late");
  FakeWebSocket.last.end(4000);
  vi.advanceTimersByTime(60_000);
  expect(FakeWebSocket.last.closedWith).toEqual([4000, "enough"]);
  expect(socket.state()).toMatchObject({ status: "closed", code: 4000 });
  expect(heard).toEqual([]);
});

test("letting go and holding again in one task keeps the connection, letting go alone ends it", async () => {
  socket.hold()();
  const release = socket.hold();
  await vi.advanceTimersByTimeAsync(0);
  expect(FakeWebSocket.opened).toHaveLength(1);
  expect(FakeWebSocket.last.closedWith).toBeNull();
  release();
  await vi.advanceTimersByTimeAsync(0);
  expect(FakeWebSocket.last.closedWith).toEqual([1000, ""]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeWebSocket.opened).toHaveLength(1);
});

test("the code says whether coming back makes sense", () => {
  const final = [1000, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 3500, 3999, 4500, 4999];
  const passing = [1001, 1006, 1011, 1012, 1013, 3000, 3499, 4000, 4499];
  expect(final.filter(isFinal)).toEqual(final);
  expect(passing.filter(isFinal)).toEqual([]);
});
