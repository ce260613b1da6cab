import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { build, type InlineConfig, type Manifest } from "vite";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { offhook } from "./vite.js";

const route = { path: null, index: false, loader: true, action: false, children: [] };
const files = {
  ".offhook/routes.json": JSON.stringify({
    routes: [
      {
        ...route,
        id: "shell",
        view: "shell.tsx",
        children: [{ ...route, id: "room", path: "rooms/:room", view: "room.tsx" }],
      },
    ],
  }),
  "page.css": "body { color: navy }",
  "a b/below.css": "p { color: navy }",
  "a b/below.ts": `import "./below.css"; import address from "../page.css?url"; export default address;`,
  "room.module.css": ".room { color: navy }",
  "shell.tsx": `
    import { Outlet, useConnection } from "offhook";
    import "./page.css";
    export default function Shell() {
      return <html><head /><body>{useConnection().status}<Outlet /></body></html>;
    }`,
  "room.tsx": `
    import below from "./a b/below";
    import { room as name } from "./room.module.css";
    import { Form, Link, ScrollRestoration, upsert, useFetcher, useLive, usePresence, useWebSocket } from "offhook";
    export default function Room() {
      const room = useLive((room, message) => upsert(room, message));
      const { members } = usePresence();
      const { status } = useWebSocket("/echo");
      const fetcher = useFetcher();
      return <Form className={name} title={below}>{room.length}{members.length}{status}{fetcher.state}<Link to="/" /><ScrollRestoration /></Form>;
    }`,
};

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "offhook-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  symlinkSync(join(import.meta.dirname, "..", "..", "node_modules"), join(root, "node_modules"));
});
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => void vi.unstubAllEnvs());

/** The application, built with this package's sources instead of its last build. */
async function built(change: InlineConfig = {}): Promise<void> {
  vi.stubEnv("NODE_ENV", "production"); // as in a shell, where nobody runs tests
  await build({
    root,
    configFile: false,
    logLevel: "silent",
    plugins: [offhook()],
    resolve: {
      alias: [
        { find: /^offhook$/, replacement: join(import.meta.dirname, "index") },
        { find: /^offhook\/(client|server|polyfills)$/, replacement: join(import.meta.dirname, "$1") },
      ],
    },
    ...change,
  });
}

const read = (file: string) => readFileSync(join(root, "build", file), "utf8");
const manifest = (): Manifest => JSON.parse(read("client/.vite/manifest.json"));

test("the browser's build has one entry, a file for each view, and its styles", async () => {
  await built();
  const chunks = manifest();
  expect(Object.values(chunks).filter((chunk) => chunk.isEntry)).toHaveLength(1);
  expect(chunks["room.tsx"]).toMatchObject({ isDynamicEntry: true });
  expect(read(`client/${chunks["shell.tsx"]?.css?.[0]}`)).toContain("navy");
});

/** The compressed size of chunks together with all that they import. */
function weight(chunks: Manifest, names: readonly string[]): number {
  const needed = new Set<string>();
  const collect = (name: string): void => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const other of chunks[name]?.imports ?? []) collect(other);
  };
  for (const name of names) collect(name);
  const sizes = [...needed].map((name) => gzipSync(read(`client/${chunks[name]?.file}`)).length);
  return sizes.reduce((sum, size) => sum + size, 0);
}

test("entry and router are at most 115 kB, compressed, and the line on demand at most 25 kB", async () => {
  await built();
  const chunks = manifest();
  const entries = Object.keys(chunks).filter((name) => chunks[name]?.isEntry);
  const line = Object.keys(chunks).filter((name) => name.endsWith("line/centrifuge.ts"));
  expect(line.map((name) => chunks[name]?.isDynamicEntry)).toEqual([true]);
  expect(weight(chunks, entries)).toBeLessThan(115_000);
  expect(weight(chunks, [...entries, ...line]) - weight(chunks, entries)).toBeLessThan(25_000);
});

test("the server's build is one script that renders in bare V8, and calls directly what React exports", async () => {
  await built({ build: { ssr: true } });
  const input = { url: "/rooms/1", loaderData: { shell: {}, room: [1, 2] }, actionData: null, errors: null };
  const world = { input: JSON.stringify({ ...input, notFound: false }) };
  const output = runInNewContext(`${read("server/server.js")}; OFFHOOK.render(input)`, world);
  expect(JSON.parse(output)).toMatchObject({ html: expect.stringContaining("idle<form"), errors: null });
  // React itself calls its dispatcher `H` so.
  expect(read("server/server.js")).not.toMatch(/(?<!\.H)\.(useContext|jsxs?)\)?\(/);
});

test.each([undefined, true])(
  "development builds have React's warnings, production builds do not (ssr: %s)",
  async (ssr) => {
    const chunks = () => Object.values(manifest()).map(({ file }) => `client/${file}`);
    const script = () => (ssr ? ["server/server.js"] : chunks()).map(read).join();
    const warning = "should have a unique";
    const options: InlineConfig = ssr ? { build: { ssr } } : {};
    await built({ ...options, mode: "development" });
    expect(script()).toContain(warning);
    await built(options);
    expect(script()).not.toContain(warning);
  },
);

test("nothing that serves development alone is in a production build", async () => {
  await built();
  const chunks = Object.values(manifest()).map(({ file }) => read(`client/${file}`));
  for (const word of ["offhook:view", "offhook:reloaded", "ReactRefresh", "until-vite", root]) {
    expect(chunks.filter((chunk) => chunk.includes(word))).toEqual([]);
  }
});

test("style sheets are written down for the documents of development, as Vite serves them", async () => {
  await built({ build: { ssr: true }, mode: "development" });
  expect(JSON.parse(read("server/styles.json"))).toEqual({
    "shell.tsx": ["/page.css?direct"],
    "room.tsx": ["/a%20b/below.css?direct", "/room.module.css?direct"],
  });
  await built({ build: { ssr: true } });
  expect(existsSync(join(root, "build/server/styles.json"))).toBe(false);
});

test("an application whose routes were not written down is told what to do", async () => {
  rmSync(join(root, ".offhook", "routes.json"));
  rmSync(join(root, "build"), { recursive: true }); // its first build
  await expect(built()).rejects.toThrow('run "offhook build"');
});
