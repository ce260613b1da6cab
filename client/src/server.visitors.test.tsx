import fc from "fast-check";
import { Outlet, useLoaderData, useRouteError } from "react-router";
import { expect, test } from "vitest";
import type { RouteEntry, ViewModule } from "./routes.js";
import type { RenderInput } from "./server/context.js";
import { createRenderer } from "./server.js";

function Shell() {
  return (
    <html lang="en">
      <head>
        <title>Notes</title>
      </head>
      <body>
        <Data />
      </body>
    </html>
  );
}

function Data() {
  const data = useLoaderData<{ readonly fails?: boolean } | undefined>();
  if (data?.fails) throw new Error("the view throws");
  return (
    <section>
      {JSON.stringify(data)}
      <Outlet />
    </section>
  );
}

function Problem() {
  return <p>{JSON.stringify(useRouteError())}</p>;
}

const hydrating = Object.assign(() => null, { hydrate: true });
const view: ViewModule = { default: Data };
const VIEWS: readonly ViewModule[] = [
  view,
  { ...view, clientLoader: hydrating },
  { ...view, clientLoader: hydrating, HydrateFallback: () => <i>wait</i> },
  { ...view, clientLoader: () => null, ErrorBoundary: Problem },
  { ...view, ErrorBoundary: Problem, HydrateFallback: () => <i>wait</i> },
];

/** A layout and a note below it, for each pair of views. */
const entries: readonly RouteEntry[] = [
  {
    id: "shell",
    loader: true,
    action: false,
    view: { default: Shell, ErrorBoundary: Problem },
    children: VIEWS.flatMap((outer, o) =>
      VIEWS.map((inner, i) => ({
        ...{ id: `layout${o}${i}`, path: `${o}${i}`, loader: true, action: false, view: outer },
        children: [{ id: `note${o}${i}`, path: ":note", loader: true, action: false, view: inner }],
      })),
    ),
  },
];

const outcome = fc.constantFrom("data", "data", "none", "error", "throws");

const visits = fc.record({
  place: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })).map((pair) => pair.join("")),
  note: fc.integer({ min: 1, max: 9 }),
  outcomes: fc.record({ shell: outcome, layout: outcome, note: outcome }),
  notFound: fc.constantFrom(false, false, false, true),
});

type Visit = typeof visits extends fc.Arbitrary<infer Value> ? Value : never;

function inputOf({ place, note, outcomes, notFound }: Visit): RenderInput {
  const ids = { shell: "shell", layout: `layout${place}`, note: `note${place}` };
  const parts = (["shell", "layout", "note"] as const).map((part) => [ids[part], outcomes[part]] as const);
  const loaded = parts.filter(([, said]) => said === "data" || said === "throws");
  const failed = parts.filter(([, said]) => said === "error");
  return {
    url: `/${place}/${note}`,
    loaderData: Object.fromEntries(loaded.map(([id, said]) => [id, { note, fails: said === "throws" }])),
    actionData: null,
    errors: Object.fromEntries(failed.map(([id]) => [id, { status: 404, data: note }])),
    notFound,
  };
}

function rendered(render: (json: string) => string, visit: Visit): string {
  try {
    return render(JSON.stringify(inputOf(visit)));
  } catch (error) {
    return String(error);
  }
}

test("whatever was rendered before, a visitor gets the page that a new renderer makes", () => {
  fc.assert(
    fc.property(fc.array(visits, { minLength: 2, maxLength: 12 }), (all) => {
      const shared = createRenderer(entries);
      for (const visit of all) expect(rendered(shared, visit)).toBe(rendered(createRenderer(entries), visit));
    }),
    { numRuns: 60 },
  );
});
