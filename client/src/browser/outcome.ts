import { type DataStrategyResult, data, redirect, redirectDocument } from "react-router";
import { type RemoteError, thrown } from "../errors.js";
import type { Failure } from "../types.js";
import type { Answer, Redirect, Result } from "./request.js";

/** What a handler in Python has answered for a route; thrown where it has failed, or leads away. */
export interface Value {
  readonly data: unknown;
  readonly status: number | undefined;
}

export function valueFor({ redirect, results }: Answer, id: string): Value {
  if (redirect) throw redirection(redirect);
  const result = results?.[id];
  if (!result) throw new Error(`The server has not answered for route "${id}".`);
  if ("error" in result) throw thrown(result.error);
  return { data: result.data, status: result.status };
}

/** As for a redirect of HTTP: an address with another scheme (`javascript:`) is not followed. */
function redirection({ to, external, status = 303 }: Redirect): Response {
  const { protocol } = new URL(to, location.href);
  if (protocol !== "http:" && protocol !== "https:")
    throw new Error(`A redirect to "${protocol}" is not followed.`);
  return external ? redirectDocument(to, status) : redirect(to, status);
}

const WithStatus = data(null).constructor as new (...args: never) => ReturnType<typeof data>;

/** What a handler returned, with the status of the server's answer unless it has said something about that itself. */
export function withStatus(returned: unknown, status: number | undefined): unknown {
  const isSaid = returned instanceof Response || returned instanceof WithStatus;
  return status === undefined || isSaid ? returned : data(returned, { status });
}

/** The value in what a handler returned. */
export function bare(returned: unknown): unknown {
  return returned instanceof WithStatus ? returned.data : returned;
}

/** Why the action has failed, if it has. */
export function failureOf({ redirect, results = {} }: Answer): RemoteError | undefined {
  if (redirect) return undefined;
  for (const result of Object.values(results)) {
    if ("error" in result) return result.error;
    if (result.status !== undefined && result.status >= 400) return { status: result.status, data: result.data };
  }
  return undefined;
}

/** Statuses of a request that can succeed when it is repeated as it is. */
const TRANSIENT = new Set([408, 425, 429]);

/**
 * Why a loader's run has failed; undefined where the result is an answer: data, a redirect, or a refusal, which would
 * be the same the next time. An exception (no network, no JSON) has the status 0.
 */
export function failureOfRun({ type, result }: DataStrategyResult): Failure | undefined {
  if (type !== "error" || result instanceof Response) return undefined;
  if (!(result instanceof WithStatus))
    return { status: 0, data: result instanceof Error ? result.message : result };
  const status = result.init?.status ?? 500;
  return status >= 500 || TRANSIENT.has(status) ? { status, data: result.data } : undefined;
}

/** The answer with errors as results: no boundary shows the failure of a change that was taken back. */
export function contained(answer: Answer): Answer {
  const results = Object.entries(answer.results ?? {}).map(([id, result]): [string, Result] => [
    id,
    "error" in result ? { data: null, status: result.error.status || 503 } : result,
  ]);
  return { ...answer, results: Object.fromEntries(results) };
}

/** The loaders' data in an answer, by route. */
export function loaderData(method: string, { results, after }: Answer): Record<string, unknown> {
  const loaded = method === "GET" ? results : after;
  return Object.fromEntries(Object.entries(loaded ?? {}).map(([id, result]) => [id, dataOf(result)]));
}

function dataOf(result: Result): unknown {
  return "data" in result ? result.data : undefined;
}
