import { matchRoutes } from "react-router";
import type { RemoteError } from "../errors.js";
import { type RouteEntry, routeObjects } from "../routes.js";
import { createRenderer } from "../server.js";
import type { ChannelPosition } from "../types.js";
import { MemoryLine } from "./MemoryLine.js";

export interface Call {
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly form: URLSearchParams;
}

/** What a route's Python module has. A loader or action throws a `RemoteError` or a `Redirection`. */
export interface PythonRoute {
  readonly loader?: (call: Call) => unknown;
  readonly action?: (call: Call) => unknown;
  readonly channels?: (call: Call) => readonly (string | ChannelRule)[];
}

/** A channel with what its class declares. */
export type ChannelRule = Pick<ChannelPosition, "channel" | "of" | "key" | "version">;

export class Redirection {
  constructor(readonly to: string) {}
}

/** Marks an action's answer with a status. */
export class Status {
  constructor(
    readonly status: number,
    readonly data: unknown,
  ) {}
}

interface Match {
  readonly id: string;
  readonly params: Call["params"];
}

type Part = { readonly data: unknown; readonly status?: number } | { readonly error: RemoteError };

/** The server's side of an application: documents, data requests and a line, by the contract with Python. */
export class PythonApp {
  readonly line = new MemoryLine();
  /** Every data request, as `METHOD path?query`. */
  readonly requests: string[] = [];
  build = "build1";
  /** What a data request waits for, so that a test can hold its answer back. */
  delay: Promise<unknown> = Promise.resolve();
  readonly entries: readonly RouteEntry[];
  readonly #python: Readonly<Record<string, PythonRoute>>;
  readonly #render: (json: string) => string;

  constructor(entries: readonly RouteEntry[], python: Readonly<Record<string, PythonRoute>>) {
    this.entries = entries;
    this.#python = python;
    this.#render = createRenderer(entries);
  }

  /** The document for a URL, as a browser gets it; with a form, for one that was sent without a script. */
  document(url: string, form?: URLSearchParams): string {
    const matches = this.#match(url);
    const ids = matches.map((match) => match.id);
    const actionData = form ? dataOf(this.#act(matches, ids.slice(-1), form)) : null;
    const live = this.#live(matches, ids);
    const parts = this.#load(matches, ids);
    const loaderData = dataOf(parts);
    const errors = Object.fromEntries(
      Object.entries(parts).flatMap(([id, part]) => ("error" in part ? [[id, part.error]] : [])),
    );
    const input = { url, loaderData, actionData, errors, notFound: matches.length === 0 };
    const output = JSON.parse(this.#render(JSON.stringify(input)));
    const page = { build: this.build, loaderData, actionData, errors: output.errors, live, line: null };
    const data = JSON.stringify(page).replaceAll("<", "\\u003c");
    const script = `<script type="application/json" id="offhook-page">${data}</script>`;
    return `<!DOCTYPE html>${output.html.replace("</body>", `${script}</body>`)}`;
  }

  /** Stands in for the browser's `fetch`. */
  readonly fetch = async (input: string, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input);
    const method = init.method ?? "GET";
    this.requests.push(`${method} ${decodeURIComponent(url.pathname + url.search)}`);
    const form = await formOf(init.body);
    const answer = this.#answer(url, method, form); // the answer is made now, and may arrive later
    await this.delay;
    init.signal?.throwIfAborted();
    return Response.json({ build: this.build, ...answer }, { headers: { "cache-control": "no-store" } });
  };

  #answer(url: URL, method: string, form: URLSearchParams): object {
    const matches = this.#match(url.pathname.slice("/__data".length) || "/");
    const routes = listed(url, "_routes");
    const after = listed(url, "_after");
    const live = this.#live(matches, method === "GET" ? routes : after);
    try {
      if (method === "GET") return { live, results: this.#load(matches, routes) };
      const before = this.line.served.length;
      const results = this.#act(matches, routes, form);
      const failed = Object.values(results).some((part) => "error" in part || (part.status ?? 200) >= 400);
      const published = url.searchParams.has("_action") ? { published: this.line.served.slice(before) } : {};
      const answer = { live, results, ...published };
      return failed ? answer : { ...answer, after: this.#load(matches, after) };
    } catch (thrown) {
      if (thrown instanceof Redirection) return { redirect: { to: thrown.to, external: false, status: 303 } };
      throw thrown;
    }
  }

  #match(url: string): readonly Match[] {
    const matches = matchRoutes(routeObjects(this.entries), url) ?? [];
    return matches.map(({ route, params }) => ({ id: route.id ?? "", params }));
  }

  #load(matches: readonly Match[], ids: readonly string[]): Record<string, Part> {
    return this.#run(matches, ids, "loader", new URLSearchParams());
  }

  #act(matches: readonly Match[], ids: readonly string[], form: URLSearchParams) {
    return this.#run(matches, ids, "action", form);
  }

  #run(
    matches: readonly Match[],
    ids: readonly string[],
    kind: "loader" | "action",
    form: URLSearchParams,
  ): Record<string, Part> {
    const parts = matches.flatMap(({ id, params }): [string, Part][] => {
      const handler = ids.includes(id) ? this.#python[id]?.[kind] : undefined;
      return handler ? [[id, part(() => handler({ params, form }))]] : [];
    });
    return Object.fromEntries(parts);
  }

  #position(rule: string | ChannelRule): ChannelPosition {
    return typeof rule === "string" ? this.line.position(rule) : { ...rule, ...this.line.position(rule.channel) };
  }

  #live(matches: readonly Match[], ids: readonly string[]) {
    const parts = matches.flatMap(({ id, params }) => {
      const channels = ids.includes(id) ? this.#python[id]?.channels : undefined;
      const names = channels?.({ params, form: new URLSearchParams() });
      return names ? [[id, names.map((name) => this.#position(name))]] : [];
    });
    return Object.fromEntries(parts);
  }
}

function dataOf(parts: Record<string, Part>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parts).flatMap(([id, part]) => ("data" in part ? [[id, part.data]] : [])),
  );
}

function part(run: () => unknown): Part {
  try {
    const value = run();
    return value instanceof Status ? { data: value.data, status: value.status } : { data: structuredClone(value) };
  } catch (thrown) {
    if (thrown instanceof Redirection || thrown instanceof Error) throw thrown;
    return { error: thrown as RemoteError };
  }
}

async function formOf(body: RequestInit["body"]): Promise<URLSearchParams> {
  if (!(body instanceof Blob)) return new URLSearchParams();
  const text = await body.text();
  return new URLSearchParams(body.type.includes("json") ? JSON.parse(text) : text);
}

function listed(url: URL, name: string): string[] {
  return url.searchParams.get(name)?.split(",") ?? [];
}
