import { Link, NavLink, Outlet, useLoaderData } from "offhook";

export const handle = { crumb: "Mail" };

export default function Mail() {
  return (
    <main>
      <input aria-label="Search" />
      {useLoaderData<string[]>().map((name) => (
        <NavLink key={name} to={name} prefetch="intent">
          {name}
        </NavLink>
      ))}
      <Link to="nobody">nobody</Link>
      <Outlet />
    </main>
  );
}

export function ErrorBoundary() {
  return <p role="alert">Mail is broken.</p>;
}
