import { LineProvider } from "offhook/line";
import type { ReactNode } from "react";
import { Links, Meta, Outlet, Scripts, ScrollRestoration, useRevalidator } from "react-router";
import type { Route } from "./+types/root";
import "./app.css";
import { userOf } from "./sessions.server";

export async function loader({ request }: Route.LoaderArgs) {
  return { user: await userOf(request) };
}

export function Layout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Questions</title>
        <link rel="icon" href="data:," />
        <Meta />
        <Links />
      </head>
      <body>
        {children}
        <ScrollRestoration />
        <Scripts />
      </body>
    </html>
  );
}

export default function Root({ loaderData: { user } }: Route.ComponentProps) {
  const { revalidate } = useRevalidator();
  return (
    <LineProvider user={user} reload={revalidate}>
      <main>
        <h1>Questions</h1>
        <Outlet />
      </main>
    </LineProvider>
  );
}
