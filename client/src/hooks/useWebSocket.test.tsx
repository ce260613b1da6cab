// @vitest-environment jsdom
import { act, cleanup } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeWebSocket } from "../testing/FakeWebSocket.js";
import { mount } from "../testing/mount.js";
import { useWebSocket, type WebSocketHook } from "./useWebSocket.js";

const heard: unknown[] = [];
let hook: WebSocketHook;

beforeEach(() => {
  vi.useFakeTimers();
  FakeWebSocket.install();
  heard.length = 0;
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const after = (happens: () => unknown) =>
  act(async () => {
    happens();
    await vi.advanceTimersByTimeAsync(0);
  });

function Echo({ url = "/echo" }: { url?: string | null }) {
  hook = useWebSocket(url, { onMessage: (message) => heard.push(message), protocols: ["v1", "v2"] });
  return <p>{`${hook.status} ${hook.lastMessage}`}</p>;
}

test("StrictMode's double mount opens one connection, to this page's server", async () => {
  mount(<Echo />);
  await after(() => {});
  expect(FakeWebSocket.opened).toMatchObject([
    { url: "ws://localhost:3000/echo", protocols: ["v1", "v2"], closedWith: null },
  ]);
});

test("the callback hears every message, the state shows the last one", async () => {
  const { container } = mount(<Echo />);
  hook.send("early");
  await after(() => FakeWebSocket.last.accept());
  expect(FakeWebSocket.last.sent).toEqual(["early"]);
  await after(() => ["a", "b", "b"].map((text) => FakeWebSocket.last.receive(text)));
  expect(heard).toEqual(["a", "b", "b"]);
  expect(container.textContent).toBe("open b");
});

test("either side can end it", async () => {
  const { container } = mount(<Echo />);
  await after(() => FakeWebSocket.last.accept());
  await after(() => FakeWebSocket.last.end(1000, "bye"));
  expect(container.textContent).toBe("closed null");
  expect(hook).toMatchObject({ code: 1000, reason: "bye" });
  cleanup();
  mount(<Echo />);
  await after(() => FakeWebSocket.last.accept());
  await after(() => hook.close());
  expect(FakeWebSocket.last.closedWith).toEqual([1000, ""]);
});

test("leaving the page ends the connection", async () => {
  const { unmount } = mount(<Echo />);
  await after(() => FakeWebSocket.last.accept());
  await after(unmount);
  expect(FakeWebSocket.last.closedWith).toEqual([1000, ""]);
});

test("without a URL there is no connection", async () => {
  const { container } = mount(<Echo url={null} />);
  await after(() => {});
  expect(container.textContent).toBe("idle null");
  expect(hook.send("x")).toBe(false);
  expect(FakeWebSocket.opened).toEqual([]);
});
