// Makes the views of the rows importable for Node: `node bundle.mjs OUTPUT`.
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const [output] = process.argv.slice(2);
const build = await rolldown({
  input: fileURLToPath(new URL("views.ts", import.meta.url)),
  external: /^[^./\0]/,
  transform: { jsx: { runtime: "automatic", development: false } },
});
await build.write({ file: output, format: "esm" });
