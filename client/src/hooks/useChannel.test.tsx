// @vitest-environment jsdom
import { act, cleanup } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mount } from "../testing/mount.js";
import type { Publication } from "../types.js";
import { type ChannelHook, useChannel } from "./useChannel.js";
import { usePresence } from "./usePresence.js";

const heard: unknown[] = [];
let hook: ChannelHook<unknown>;
let renders = 0;
const onLost = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  heard.length = 0;
  renders = 0;
  onLost.mockReset();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const after = (happens: () => unknown) =>
  act(async () => {
    await happens();
    await vi.advanceTimersByTimeAsync(0);
  });

function Ticker({ channel = "ticks" }: { channel?: string }) {
  const [count, setCount] = useState(0);
  hook = useChannel(channel, {
    onPublication: ({ data }: Publication) => {
      heard.push([data, count]);
      setCount(count + 1);
    },
    onLost,
  });
  renders += 1;
  return <p>{hook.status}</p>;
}

function Failing() {
  useChannel("ticks", {
    onPublication: ({ data }) => {
      heard.push(data);
      throw new Error("in a component");
    },
  });
  return null;
}

function Here() {
  return <p>{usePresence("ticks").members.map(({ user, clients }) => `${user}${clients}`)}</p>;
}

test("every publication calls back once, in order, with the newest state in sight", async () => {
  const { line, container } = mount(<Ticker />);
  await after(() => {});
  expect(container.textContent).toBe("subscribed");
  for (const tick of ["a", "a", "b"]) await after(() => line.serve("ticks", tick));
  expect(heard).toEqual([
    ["a", 0],
    ["a", 1],
    ["b", 2],
  ]);
  expect(line.subscriptions).toBe(1);
});

test("a burst in one task calls back for each", async () => {
  const { line } = mount(<Ticker />);
  await after(() => {});
  await after(() => {
    for (const tick of [1, 2, 3]) line.serve("ticks", tick);
  });
  expect(heard.map((each) => (each as unknown[])[0])).toEqual([1, 2, 3]);
});

test("a refusal is a status with its code, and nothing renders without a reason", async () => {
  const { line, container } = mount(<Ticker />);
  await after(() => {});
  const before = renders;
  await after(() => line.joins("ticks", { user: "ada", client: "1" }));
  expect(renders).toBe(before);
  await after(() => line.expel("ticks", 103, "permission denied"));
  expect(container.textContent).toBe("unsubscribed");
  expect(hook).toMatchObject({ code: 103, reason: "permission denied" });
});

test("what was missed beyond recovery is told", async () => {
  const { line } = mount(<Ticker />);
  await after(() => {});
  await after(() => {
    line.cut();
    line.serve("ticks", 2);
    line.forget("ticks");
    line.restore();
  });
  expect(onLost).toHaveBeenCalledOnce();
});

test("publishing and reading history go to the channel", async () => {
  const { line } = mount(<Ticker />);
  await after(() => {});
  await after(() => hook.publish("mine"));
  expect(heard).toEqual([["mine", 0]]);
  expect(await hook.history({ limit: 1 })).toEqual({
    publications: [{ data: "mine", offset: 1 }],
    position: line.position("ticks"),
  });
});

test("a call goes to the channel, and its answer comes back", async () => {
  const { line } = mount(<Ticker />);
  line.answer = (channel, data) => ({ channel, doubled: Number(data) * 2 });
  await after(() => {});
  const { doubled } = await hook.call<{ doubled: number }>(21);
  expect(doubled).toBe(42);
});

test("an exception in a callback is reported, and the next publication still arrives", async () => {
  const report = vi.fn();
  vi.stubGlobal("reportError", report);
  const { line } = mount(<Failing />);
  await after(() => {});
  await after(() => line.serve("ticks", 1));
  await after(() => line.serve("ticks", 2));
  expect(heard).toEqual([1, 2]);
  expect(line.state.status).toBe("open");
});

test("presence of a channel by its name, with the tabs of one user as one member", async () => {
  const { line, container } = mount(<Here />);
  await after(() => {});
  await after(() => line.joins("ticks", { user: "ada", client: "1" }));
  await after(() => line.joins("ticks", { user: "ada", client: "2" }));
  expect(container.textContent).toBe("ada2");
});
