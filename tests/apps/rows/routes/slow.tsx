import { upsert, useConnection, useLive } from "offhook";
import { Suspense, use, useEffect } from "react";
import { Rows } from "../components";
import type { Route } from "./+types/slow";

/** What the inner part waits for in the browser, as for code that is still on its way, until the test sends it. */
const code =
  typeof window === "undefined"
    ? undefined
    : new Promise((resolve) => window.addEventListener("code", resolve, { once: true }));

function useRows() {
  return useLive<Route.Live>((page, row) => ({ ...page, rows: upsert(page.rows, row) })).rows;
}

/** Notes for the test that a part has come to life. */
function useNote(part: "outer" | "inner") {
  useEffect(() => {
    document.documentElement.dataset[part] = "";
  }, [part]);
}

/** The outer part lives before the inner one does. */
export default function Slow() {
  useNote("outer");
  const { status } = useConnection();
  return (
    <main>
      <section className="outer" data-status={status}>
        <Rows of={useRows()} />
      </section>
      <Suspense fallback="Loading">
        <Inner />
      </Suspense>
    </main>
  );
}

function Inner() {
  if (code) use(code);
  useNote("inner");
  return (
    <section className="inner">
      <Rows of={useRows()} />
    </section>
  );
}
