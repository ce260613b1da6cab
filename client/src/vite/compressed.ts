import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = new Set([".js", ".css", ".svg", ".json", ".html", ".txt", ".xml", ".wasm", ".map"]);
const WORTHWHILE = 1024;
const ENCODINGS = [
  { ending: ".br", compress: promisify<Buffer, Buffer>(brotliCompress) },
  { ending: ".gz", compress: promisify<Buffer, Buffer>(gzip) },
];

/** Puts compressed variants beside the files of a production build, so that serving them costs nothing. */
export function compressed(): Plugin {
  let outDir = "";
  return {
    name: "offhook:compressed",
    apply: (config, { command, isSsrBuild }) =>
      command === "build" && !isSsrBuild && config.mode !== "development",
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    async closeBundle() {
      if (!existsSync(outDir)) return; // the build has failed, and says why
      const files = await readdir(outDir, { recursive: true });
      await Promise.all(
        files.filter((file) => TEXT.has(extname(file))).map((file) => compress(join(outDir, file))),
      );
    },
  };
}

async function compress(file: string): Promise<void> {
  const content = await readFile(file);
  if (content.length < WORTHWHILE) return;
  for (const { ending, compress } of ENCODINGS) {
    const smaller = await compress(content);
    if (smaller.length < content.length) await writeFile(file + ending, smaller);
  }
}
