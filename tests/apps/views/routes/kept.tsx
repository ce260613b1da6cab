import { Form, Link, Outlet, type ShouldRevalidateFunction, useLoaderData, useRevalidator } from "offhook";

export const shouldRevalidate: ShouldRevalidateFunction = ({ actionResult, defaultShouldRevalidate }) =>
  actionResult === "done" ? false : defaultShouldRevalidate;

export default function Kept() {
  const { revalidate } = useRevalidator();
  return (
    <main>
      <h1>{useLoaderData<number>()} of kept</h1>
      <Link to="b">next</Link>
      <button type="button" onClick={() => void revalidate()}>
        Again
      </button>
      <Form method="post" action="/kept">
        <button type="submit">Above</button>
      </Form>
      <Outlet />
    </main>
  );
}
