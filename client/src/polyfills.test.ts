import { runInNewContext } from "node:vm";
import { build } from "vite";
import { expect, test } from "vitest";

/** The polyfills as one script, for a world that has nothing but the language. */
async function script(): Promise<string> {
  const output = await build({
    logLevel: "silent",
    configFile: false,
    build: {
      write: false,
      lib: { entry: `${import.meta.dirname}/polyfills.ts`, formats: ["iife"], name: "unused" },
    },
  });
  const [bundle] = Array.isArray(output) ? output : [output];
  return bundle && "output" in bundle ? bundle.output[0].code : "";
}

test("bare V8 gets URLs, text as bytes, and message channels", async () => {
  const received: unknown[] = [];
  const seen = runInNewContext(
    `${await script()};
    const channel = new MessageChannel();
    channel.port1.onmessage = ({ data }) => received.push(data);
    channel.port2.postMessage("hello");
    const bytes = new Uint8Array(3);
    const into = new TextEncoder().encodeInto("aü€", bytes);
    JSON.stringify([
      new URL("/rooms/1?x=%C3%A4", "http://localhost").search,
      new URLSearchParams("a=1&a=2").getAll("a"),
      [...new TextEncoder().encode("aü€😀\\ud800")],
      [...bytes], into,
    ])`,
    { received },
  );
  expect(JSON.parse(seen)).toEqual([
    "?x=%C3%A4",
    ["1", "2"],
    [...new TextEncoder().encode("aü€😀\ud800")],
    [97, 195, 188],
    { read: 2, written: 3 },
  ]);
  await Promise.resolve();
  expect(received).toEqual(["hello"]);
});
