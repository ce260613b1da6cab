import { useActionData, useBlocker, useFetcher, useLoaderData, useRevalidator, useSubmit } from "offhook";
import { useState } from "react";
import type { Route } from "./+types/echo";

const ENCODINGS = [
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "application/json",
  "text/plain",
] as const;

export default function Echo() {
  const answer = useActionData<Route.ActionData>();
  const loads = useLoaderData<Route.LoaderData>();
  const { revalidate, state } = useRevalidator();
  const submit = useSubmit();
  return (
    <main>
      <h1>{loads} loads</h1>
      <output>{answer && `${answer.method} ${answer.kind}: ${answer.sent}`}</output>
      {ENCODINGS.map((encType) => (
        <button
          key={encType}
          type="button"
          onClick={() => {
            const said = encType === "text/plain" ? "a=1" : { a: "1" };
            void submit(said, { method: encType === "text/plain" ? "put" : "post", encType });
          }}
        >
          {encType}
        </button>
      ))}
      <button type="button" data-state={state} onClick={() => void revalidate()}>
        Again
      </button>
      <Fetching />
      <Guarded />
    </main>
  );
}

function Fetching() {
  const fetcher = useFetcher<NonNullable<Route.ActionData>>();
  return (
    <fetcher.Form method="post" data-state={fetcher.state}>
      <input name="b" aria-label="Fetched" />
      <button type="submit">Fetch</button>
      <em>{fetcher.data?.sent}</em>
    </fetcher.Form>
  );
}

function Guarded() {
  const [text, setText] = useState("");
  const blocker = useBlocker(text !== "");
  return (
    <>
      <input aria-label="Unsaved" value={text} onChange={(event) => setText(event.target.value)} />
      {blocker.state === "blocked" && (
        <p role="alert">
          Leave?
          <button type="button" onClick={() => blocker.proceed()}>
            Yes
          </button>
          <button type="button" onClick={() => blocker.reset()}>
            No
          </button>
        </p>
      )}
    </>
  );
}
