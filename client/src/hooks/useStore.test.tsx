// @vitest-environment jsdom
import { Suspense, use } from "react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { upsert } from "../live/upsert.js";
import type { RouteEntry } from "../routes.js";
import { Browser } from "../testing/Browser.js";
import { PythonApp } from "../testing/PythonApp.js";
import type { LiveRoute } from "../types.js";
import { useConnection } from "./useConnection.js";
import { useLive } from "./useLive.js";
import { usePresence } from "./usePresence.js";

interface Live extends LiveRoute {
  readonly data: { readonly numbers: readonly { readonly id: number }[] };
  readonly publication: { readonly id: number };
}

/** What the inner part needs before it can be hydrated, as code that has still to be loaded; nothing on the server. */
let code: Promise<void> | undefined;
let load: () => void;

function Outer() {
  const { numbers } = useLive<Live>((page, number) => ({ numbers: upsert(page.numbers, number) }));
  const { members } = usePresence<Live>();
  return (
    <html lang="en">
      <head>
        <title>Numbers</title>
      </head>
      <body>
        <h1>{[useConnection().status, numbers.length, members.length].join()}</h1>
        <Suspense fallback="loading">
          <Inner />
        </Suspense>
      </body>
    </html>
  );
}

function Inner() {
  if (code) use(code);
  const { numbers } = useLive<Live>((page, number) => ({ numbers: upsert(page.numbers, number) }));
  return (
    <p>
      {useConnection().status},{numbers.length}
    </p>
  );
}

const entries: readonly RouteEntry[] = [
  { id: "numbers", path: "/", loader: true, action: false, view: { default: Outer } },
];

let app: PythonApp;
let browser: Browser;

beforeEach(() => {
  Browser.setUp();
  app = new PythonApp(entries, { numbers: { channels: () => ["numbers"], loader: () => ({ numbers: [] }) } });
  browser = new Browser(app);
  code = undefined;
});
afterEach(() => browser.tearDown());

test("nothing that happens outside of a part which is not hydrated yet makes React render it anew", async () => {
  browser.receive("/");
  code = new Promise((resolve) => {
    load = resolve;
  });
  const inner = document.querySelector("p");
  await browser.hydrate();
  await browser.after(() => app.line.serve("numbers", { id: 1 }));
  expect(browser.text("body")).toContain("idle,0,0idle,0");
  await browser.after(() => load());
  expect(browser.text("body")).toContain("open,1,0open,1");
  expect(document.querySelector("p")).toBe(inner);
  expect(browser.complaints).toEqual([]);
});
