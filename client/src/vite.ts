import react from "@vitejs/plugin-react";
import type { Plugin, PluginOption, UserConfig } from "vite";
import { compressed } from "./vite/compressed.js";
import { constants } from "./vite/constants.js";
import { development } from "./vite/development.js";
import { clientEntry, serverEntry, viewsOf } from "./vite/entries.js";
import { exchange, viewId } from "./vite/exchange.js";
import { files } from "./vite/files.js";
import { readRoutes, withClientLoader } from "./vite/routes.js";
import { styles } from "./vite/styles.js";

const CLIENT = "virtual:offhook/client";
const SERVER = "virtual:offhook/server";

/** Everything Vite has to know about an Offhook application. */
export function offhook(): PluginOption[] {
  const page = `\0${CLIENT}`;
  return [application(), development(page), exchange(page), styles(), files(), compressed(), constants(), react()];
}

function application(): Plugin {
  let root = "";
  return {
    name: "offhook",
    config(own, { command, mode, isSsrBuild }) {
      const isDevelopment = mode === "development";
      // Vite builds for production unless told otherwise; a page in development has React's warnings.
      if (command === "build" && isDevelopment) process.env.NODE_ENV = "development";
      if (command === "serve") return { ...shared, ...serving };
      const ours = isSsrBuild ? server : client;
      // "offhook build" says where: builds of the two modes stand in different folders.
      const outDir = own.build?.outDir ?? ours.build.outDir;
      return { ...shared, ...ours, build: { ...ours.build, outDir, minify: !isDevelopment } };
    },
    configResolved(config) {
      root = config.root;
    },
    resolveId(id) {
      return id === CLIENT || id === SERVER ? `\0${id}` : undefined;
    },
    load(id) {
      if (id === `\0${CLIENT}`) return page(root);
      if (id === `\0${SERVER}`) return serverEntry(readRoutes(root));
      return undefined;
    },
  };
}

const shared = {
  appType: "custom",
  // Two copies of one of these would be two worlds that do not know each other.
  resolve: { dedupe: ["react", "react-dom", "react-router", "offhook"] },
} satisfies UserConfig;

// Found at the start, or the first page would be loaded twice.
const serving = {
  optimizeDeps: {
    include: ["offhook", "offhook/client", "react", "react/jsx-dev-runtime", "react-dom", "react-dom/client"],
  },
} satisfies UserConfig;

const client = {
  build: {
    outDir: "build/client",
    manifest: true,
    chunkSizeWarningLimit: 1024,
    rolldownOptions: { input: CLIENT },
  },
} satisfies UserConfig;

// One file for bare V8: no imports, no Node.
const server = {
  ssr: { noExternal: true, target: "webworker" },
  build: {
    ssr: true,
    outDir: "build/server",
    copyPublicDir: false,
    rolldownOptions: {
      input: SERVER,
      output: { format: "iife", name: "OFFHOOK", entryFileNames: "server.js", codeSplitting: false },
    },
  },
} satisfies UserConfig;

function page(root: string): string {
  const routes = readRoutes(root);
  const loading = withClientLoader(root, viewsOf(routes));
  return clientEntry(routes, {
    hasClientLoader: (view) => loading.has(view),
    fileOf: (view) => viewId(root, view),
  });
}
