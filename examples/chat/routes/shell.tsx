import { Form, Link, NavLink, Outlet, ScrollRestoration, useConnection, useLoaderData } from "offhook";
import type { ReactNode } from "react";
import { Problem } from "../components";
import "../chat.css";
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

function LineState() {
  const { status } = useConnection();
  return (
    <span className="line" data-status={status} role="status">
      {WORDS[status]}
    </span>
  );
}

export default function Shell() {
  const { me, rooms } = useLoaderData<Route.LoaderData>();
  return (
    <Document>
      <header className="top">
        <Link to="/" className="brand">
          offhook chat
        </Link>
        <LineState />
        {me && (
          <Form method="post" action="/sign-out" className="me">
            <b>{me.name}</b>
            <button className="quiet">Sign out</button>
          </Form>
        )}
      </header>
      <div className={me ? "frame" : "frame alone"}>
        {me && (
          <nav className="rooms" aria-label="Rooms">
            {rooms.map((room) => (
              <NavLink key={room.id} to={`/rooms/${room.id}`}>
                <b>{room.name}</b>
                <small>{room.topic}</small>
              </NavLink>
            ))}
          </nav>
        )}
        <main>
          <Outlet />
        </main>
      </div>
      <ScrollRestoration />
    </Document>
  );
}

export function ErrorBoundary() {
  return (
    <Document>
      <main className="frame alone">
        <Problem />
      </main>
    </Document>
  );
}
