import {
  Form,
  isRouteErrorResponse,
  NavLink,
  Outlet,
  useConnection,
  useLive,
  useLoaderData,
  useRouteError,
} from "offhook";
import type { ReactNode } from "react";
import "../notifications.css";
import type { Route } from "./+types/shell";

function Document({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="data:," />
      </head>
      <body>{children}</body>
    </html>
  );
}

const WORDS = { idle: "no line", connecting: "connecting", open: "live", closed: "closed" };

function Bell() {
  const { unread } = useLive<Route.Live>();
  return (
    <NavLink to="/" end className="bell">
      <title>{`${unread > 0 ? `(${unread}) ` : ""}Notifications · Offhook`}</title>
      Inbox
      <b data-unread={unread} aria-label={`${unread} unread`}>
        {unread}
      </b>
    </NavLink>
  );
}

export default function Shell() {
  const { me } = useLoaderData<Route.LoaderData>();
  const { status } = useConnection();
  return (
    <Document>
      <header className="top">
        {me && (
          <nav>
            <Bell />
            <NavLink to="/send">Send</NavLink>
          </nav>
        )}
        <span className="line" data-status={status} role="status">
          {WORDS[status]}
        </span>
        {me && (
          <Form method="post" action="/sign-out" className="me">
            <b>{me.name}</b>
            <button className="quiet">Sign out</button>
          </Form>
        )}
      </header>
      <main>
        <Outlet />
      </main>
    </Document>
  );
}

export function ErrorBoundary() {
  const error = useRouteError();
  const text = isRouteErrorResponse(error)
    ? ((error.data as { detail?: string } | null)?.detail ?? error.statusText)
    : "Something went wrong.";
  return (
    <Document>
      <main>
        <h1>{text}</h1>
        <a href="/">Back to the inbox</a>
      </main>
    </Document>
  );
}
