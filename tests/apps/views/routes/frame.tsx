import { isRouteErrorResponse, Outlet, useRouteError } from "offhook";

export default function Frame() {
  return (
    <section aria-label="frame">
      <Outlet />
    </section>
  );
}

export function ErrorBoundary() {
  const error = useRouteError();
  return (
    <p role="alert">
      In the frame: {isRouteErrorResponse(error) ? `${error.status} ${JSON.stringify(error.data)}` : String(error)}
    </p>
  );
}
