import { type ErrorResponse, useLoaderData, useRouteError } from "offhook";

export const handle = { crumb: "Letter" };

export default function Letter() {
  return <h1>{useLoaderData<string>()}</h1>;
}

export function ErrorBoundary() {
  const { status, data } = useRouteError() as ErrorResponse;
  return (
    <p role="alert">
      {status}: {data.detail}
    </p>
  );
}
