// The decoder inside the official SDK: a line `{"source", "delta"}` in base64 gives a line with the target, or an error.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const sdk = readFileSync(require.resolve("centrifuge"), "utf8");
const applyDelta = new Function("require", "exports", `${sdk}\nreturn applyDelta;`)(require, {});

const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
for await (const line of createInterface({ input: process.stdin })) {
  const { source, delta } = JSON.parse(line);
  try {
    console.log(Buffer.from(applyDelta(bytes(source), bytes(delta))).toString("base64"));
  } catch (error) {
    console.log(`error: ${error.message}`);
  }
}
