import {
  isRouteErrorResponse,
  Link,
  NavLink,
  Outlet,
  ScrollRestoration,
  useConnection,
  useMatches,
  useNavigation,
  useNonce,
  useRouteError,
} from "offhook";
import type { ReactNode } from "react";

function Document({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <link rel="icon" href="data:," />
      </head>
      <body>{children}</body>
    </html>
  );
}

const PAGES = ["note", "saved", "clock", "tally", "slow", "long", "echo", "brittle", "links", "mail", "about", "kept/a"];

export default function Shell() {
  const { state, location } = useNavigation();
  const { status } = useConnection();
  return (
    <Document>
      <title>Views</title>
      <nav>
        <NavLink to="/" end>
          home
        </NavLink>
        {PAGES.map((page) => (
          <Link key={page} to={`/${page}`}>
            {page}
          </Link>
        ))}
      </nav>
      <span className="line" data-status={status}>
        {status}
      </span>
      <i data-state={state}>{location?.pathname}</i>
      <Crumbs />
      <Outlet />
      <ScrollRestoration nonce={useNonce()} />
    </Document>
  );
}

function Crumbs() {
  const crumbs = useMatches().flatMap(({ handle }) => (handle as { crumb?: string } | undefined)?.crumb ?? []);
  return <ol aria-label="crumbs">{crumbs.join(" > ")}</ol>;
}

export const handle = { crumb: "Views" };

export function HydrateFallback() {
  return (
    <Document>
      <p>Loading views…</p>
    </Document>
  );
}

export function ErrorBoundary() {
  const error = useRouteError();
  const text = isRouteErrorResponse(error) ? `${error.status} ${error.statusText}` : "A crash";
  return (
    <Document>
      <title>Trouble</title>
      <p role="alert">At the top: {text}</p>
      <Link to="/">home</Link>
    </Document>
  );
}
