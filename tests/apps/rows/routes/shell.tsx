import { Link, Outlet, useConnection, useRevalidator, useRouteError } from "offhook";
import type { ReactNode } from "react";

function Document({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <title>Rows</title>
        <link rel="icon" href="data:," />
      </head>
      <body>
        <nav>
          <Link to="/">Home</Link>
          <Link to="/folded">Folded</Link>
          <Link to="/reloaded">Reloaded</Link>
        </nav>
        {children}
      </body>
    </html>
  );
}

export default function Shell() {
  const { revalidate } = useRevalidator();
  const { status, transport } = useConnection();
  return (
    <Document>
      <span className="line" data-status={status} data-transport={transport}>
        {status}
      </span>
      <button type="button" onClick={() => void revalidate()}>
        Again
      </button>
      <Outlet />
    </Document>
  );
}

export function ErrorBoundary() {
  useRouteError();
  return (
    <Document>
      <p role="alert">Something went wrong.</p>
    </Document>
  );
}
