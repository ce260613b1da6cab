import { data, type RouteMatch } from "react-router";

/** An error as a loader or action in Python answers it. */
export interface RemoteError {
  readonly status: number;
  readonly data: unknown;
}

/** The same as React Router keeps it. */
export interface RouteError extends RemoteError {
  readonly statusText: string;
  readonly internal: boolean;
}

const PHRASES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

export function statusText(status: number): string {
  return PHRASES[status] ?? "";
}

/** What to throw so that React Router shows the error in the nearest boundary. */
export function thrown({ status, data: value }: RemoteError): unknown {
  return data(value, { status, statusText: statusText(status) });
}

/** The error as React Router has it after a page was loaded with it, which is what the server renders. */
export function rendered({ status, data: value }: RemoteError): RouteError {
  return { status, statusText: statusText(status), data: value, internal: false };
}

/** React Router's own error for a URL that no route matches, word for word: the browser makes the same one. */
export function notFound(pathname: string): RouteError {
  return {
    status: 404,
    statusText: "Not Found",
    data: `Error: No route matches URL "${pathname}"`,
    internal: true,
  };
}

/** Each error at the nearest boundary above its route; of two at one boundary the upper route's. */
export function boundaryErrors(
  matches: readonly RouteMatch[],
  thrown: Readonly<Record<string, RemoteError>> | null | undefined,
): Record<string, RouteError> | null {
  const errors: Record<string, RouteError> = {};
  matches.forEach(({ route }, depth) => {
    const error = thrown?.[route.id ?? ""];
    if (error) errors[boundaryOf(matches, depth)] ??= rendered(error);
  });
  return Object.keys(errors).length > 0 ? errors : null;
}

function boundaryOf(matches: readonly RouteMatch[], depth: number): string {
  const nearest = matches.slice(0, depth + 1).findLast(({ route }) => route.ErrorBoundary);
  return (nearest ?? matches[0])?.route.id ?? "";
}

/** Errors as React Router revives them from what a page came with. */
export function marked(errors: Readonly<Record<string, RouteError>> | null): MarkedErrors | null {
  if (!errors) return null;
  const entries = Object.entries(errors).map(([id, error]) => [id, { ...error, __type: "RouteErrorResponse" }]);
  return Object.fromEntries(entries);
}

export type MarkedErrors = Readonly<Record<string, RouteError & { readonly __type: "RouteErrorResponse" }>>;
