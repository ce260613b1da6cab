import { Form, useActionData, useFetcher, useLive, useLiveAction } from "offhook";
import { lazy, Suspense, useState } from "react";
import { Text, Written } from "../written";
import type { Route } from "./+types/home";

const Part = lazy(() => import("../part"));

/** What an action has answered: a sentence, or why it refused. */
function Answer({ to }: { to: Route.ActionData | undefined }) {
  return <output>{typeof to === "string" ? to : to?.errors.text?.text}</output>;
}

function Background() {
  const loading = useFetcher<string[]>();
  const writing = useFetcher<Route.ActionData>();
  return (
    <>
      <button type="button" onClick={() => void loading.load("/list")}>
        Load
      </button>
      <b>{loading.data?.length}</b>
      <writing.Form method="post" action="?index">
        <Text button="Write aside" />
        <Answer to={writing.data} />
      </writing.Form>
    </>
  );
}

function Optimistic() {
  const { submit, pending, error } = useLiveAction<Route.Live, { readonly text: string }>((lines, { text }) => [
    ...lines.filter((line) => line !== text),
    text,
  ]);
  return (
    <form
      data-pending={pending}
      data-error={error?.status}
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget, { action: "?index" });
      }}
    >
      <Text button="Write ahead" />
    </form>
  );
}

export default function Home() {
  const lines = useLive<Route.Live>();
  const [hasPart, showPart] = useState(false);
  return (
    <main>
      <Written lines={lines} />
      <Form method="post" action="?index">
        <Text button="Write" />
        <Answer to={useActionData<Route.ActionData>()} />
      </Form>
      <Form method="post" action="/list">
        <Text button="Write and leave" />
      </Form>
      <Form method="post" action="/clear">
        <Text button="Clear" />
      </Form>
      <Background />
      <Optimistic />
      <button type="button" onClick={() => showPart(true)}>
        More
      </button>
      <Suspense>{hasPart && <Part />}</Suspense>
    </main>
  );
}
