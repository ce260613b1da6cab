import { Form, Link, Outlet, useActionData, useLoaderData, useRouteError } from "react-router";
import { useLive } from "../hooks/useLive.js";
import { Link as PrefetchingLink } from "../links.js";
import type { RouteEntry, ViewModule } from "../routes.js";
import type { LiveRoute } from "../types.js";
import { PythonApp, Redirection, type Status } from "./PythonApp.js";

export interface Desk {
  readonly count: number;
}

interface DeskLive extends LiveRoute {
  readonly data: Desk;
  readonly publication: number;
}

function Shell() {
  const runs = useLoaderData<{ readonly runs: number }>();
  return (
    <html lang="en">
      <head>
        <title>Desk</title>
      </head>
      <body>
        <b id="runs">{runs?.runs}</b>
        <Link to="/">Home</Link>
        <Link to="/desk">Desk</Link>
        <PrefetchingLink id="soon" to="/desk" prefetch="intent">
          Soon
        </PrefetchingLink>
        <PrefetchingLink id="second" to="/desk?second" prefetch="intent">
          Second
        </PrefetchingLink>
        <PrefetchingLink id="third" to="/desk?third" prefetch="intent">
          Third
        </PrefetchingLink>
        <PrefetchingLink id="away" to="https://example.com/desk" prefetch="intent">
          Away
        </PrefetchingLink>
        <Outlet />
      </body>
    </html>
  );
}

function Home() {
  return <h2>Home</h2>;
}

/** The view of the desk; with a reducer or, where it `loads`, without. */
export function deskView(more: ViewModule = {}, loads = false): ViewModule {
  const reducer = (data: Desk, count: number) => ({ ...data, count });
  function Room() {
    return (
      <>
        <h1>{JSON.stringify(useLive<DeskLive>(loads ? undefined : reducer))}</h1>
        <p id="answer">{JSON.stringify(useActionData())}</p>
        <Form method="post">
          <button type="submit">Raise</button>
        </Form>
      </>
    );
  }
  return { default: Room, ErrorBoundary: Problem, ...more };
}

function Problem() {
  return <p id="problem">{String(useRouteError())}</p>;
}

interface Known {
  readonly loader?: boolean;
  /** Whether the browser's entry says that the view has one. */
  readonly clientLoader?: boolean;
  readonly shell?: ViewModule;
}

/** A count that grows, below a shell that counts how often its loader runs. */
export class DeskApp extends PythonApp {
  count = 0;
  /** What the next action answers instead. */
  refusal: Status | null = null;
  redirect: string | null = null;

  constructor(view: RouteEntry["view"], { loader = true, clientLoader = false, shell = {} }: Known = {}) {
    let runs = 0;
    const desk: RouteEntry = {
      id: "desk",
      path: "desk",
      loader,
      clientLoader,
      action: true,
      ...(view ? { view } : {}),
    };
    const home: RouteEntry = { id: "home", index: true, loader: false, action: false, view: { default: Home } };
    const entries: RouteEntry[] = [
      {
        id: "shell",
        path: "/",
        loader: true,
        action: false,
        view: { default: Shell, ...shell },
        children: [home, desk],
      },
    ];
    super(entries, {
      shell: {
        loader: () => {
          runs += 1;
          return { runs };
        },
      },
      desk: {
        ...(loader ? { channels: () => ["desk"], loader: () => this.#load() } : {}),
        action: () => this.refusal ?? this.raise(),
      },
    });
  }

  /** Somebody raises the count. */
  raise(): number {
    this.count += 1;
    this.line.serve("desk", this.count);
    return this.count;
  }

  #load(): Desk {
    if (this.redirect) throw new Redirection(this.redirect);
    return { count: this.count };
  }
}
