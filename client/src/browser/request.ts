import { type RemoteError, statusText } from "../errors.js";
import type { LivePositions } from "../live/views.js";
import type { ChannelPosition } from "../types.js";
import type { LineInfo } from "./page.js";

/** One route's part of a data answer. */
export type Result = { readonly data: unknown; readonly status?: number } | { readonly error: RemoteError };

export type Results = Readonly<Record<string, Result>>;

export interface Redirect {
  readonly to: string;
  readonly external?: boolean;
  readonly status?: number;
}

/** What the server answers to a data request. */
export interface Answer {
  readonly build?: string;
  readonly results?: Results;
  /** After a mutation: what the loaders of the page say now. */
  readonly after?: Results;
  readonly live?: LivePositions;
  readonly line?: LineInfo | null;
  /** What the action has published. */
  readonly published?: readonly ChannelPosition[];
  readonly redirect?: Redirect;
  /** The server does not know this page's routes, and has run nothing. */
  readonly reload?: boolean;
}

export interface Question {
  readonly request: Request;
  /** The routes whose loaders, or whose action, shall answer. */
  readonly routes: readonly string[];
  /** The routes whose loaders shall run after the action. */
  readonly after: readonly string[];
  /** The id of an action whose changes are shown already. */
  readonly action?: string | undefined;
  /** For a navigation of the user: the address of the document that can be loaded in its place. */
  readonly document?: string | undefined;
  /** Somebody may want the answer later, or nobody: the server is told, and others go first. */
  readonly isPrefetch?: boolean;
}

/**
 * Asks the server for the data of routes, or for an action and the data after it, in one request.
 *
 * A server with another build may not know the route of an action. It has run nothing then, and is asked once more for
 * the action of the address, as a form without JavaScript is sent.
 *
 * @param root where the application is mounted; empty at the root.
 */
export async function ask(question: Question, root: string): Promise<Answer> {
  const { request, routes } = question;
  if (request.method === "GET") return send(question, root);
  const body = await bodyOf(request);
  const answer = await send(question, root, body);
  if (!answer.reload) return answer;
  const { results = {}, ...rest } = await send({ ...question, routes: [], after: [] }, root, body);
  const [result] = Object.values(results);
  return { ...rest, results: result ? Object.fromEntries(routes.map((id) => [id, result])) : {} };
}

async function send(question: Question, root: string, body?: BodyInit): Promise<Answer> {
  const { request, routes, isPrefetch } = question;
  const response = await fetch(dataUrl(question, root), {
    method: request.method,
    headers: { accept: "application/json", ...(isPrefetch ? { purpose: "prefetch" } : {}) },
    ...(isPrefetch ? { priority: "low" } : {}),
    // An action that was submitted is not taken back by leaving its page.
    ...(request.method === "GET" ? { signal: request.signal } : {}),
    ...(body === undefined ? {} : { body }),
  });
  const answer = await content(response);
  if (response.ok || response.status === 409) return answer as Answer;
  const error = { status: response.status, data: answer };
  return { results: Object.fromEntries(routes.map((id) => [id, { error }])) };
}

/** What the response has to say. A server in front of the application says what has failed in words of its own. */
async function content(response: Response): Promise<unknown> {
  if (response.headers.get("content-type")?.includes("json")) return response.json();
  if (response.ok) throw new Error(`The server answered a data request with ${response.status} and no data.`);
  return { detail: response.statusText || statusText(response.status) };
}

function dataUrl({ request, routes, after, action }: Question, root: string): string {
  const url = new URL(request.url);
  const query = [
    ...(routes.length > 0 ? [`_routes=${list(routes)}`] : []),
    ...(after.length > 0 ? [`_after=${list(after)}`] : []),
    ...(action === undefined ? [] : [`_action=${action}`]),
  ].join("&");
  // The page's own query goes as it is: parsing and writing it again could change it.
  const search = [url.search.slice(1), query].filter(Boolean).join("&");
  return `${url.origin}${root}/__data${url.pathname.slice(root.length)}${search && `?${search}`}`;
}

function list(ids: readonly string[]): string {
  return ids.map(encodeURIComponent).join(",");
}

export async function bodyOf(request: Request): Promise<FormData | Blob> {
  const type = request.headers.get("content-type") ?? "";
  // A form with files stays a form, so that the browser reads the files as it sends them.
  return type.startsWith("multipart/form-data") ? request.formData() : request.blob();
}
