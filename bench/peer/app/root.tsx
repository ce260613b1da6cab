import { Link, Links, Meta, Outlet, Scripts, useLoaderData } from "react-router";
import { shell } from "./data";

export function loader() {
  return shell;
}

export default function Shell() {
  const { title, user } = useLoaderData<typeof loader>();
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <Meta />
        <Links />
      </head>
      <body>
        <header>
          <Link to="/items">{title}</Link> <b>{user}</b>
        </header>
        <Outlet />
        <Scripts />
      </body>
    </html>
  );
}
