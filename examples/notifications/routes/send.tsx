import { useActionData, useFetcher, useLoaderData } from "offhook";
import { useEffect, useRef } from "react";
import type { Route } from "./+types/send";

export default function Send() {
  const { people } = useLoaderData<Route.LoaderData>();
  const sending = useFetcher<Route.ActionData>();
  const withoutScript = useActionData<Route.ActionData>();
  const answer = sending.data ?? withoutScript;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (answer && "id" in answer) form.current?.reset();
  }, [answer]);
  return (
    <section>
      <h1>Tell somebody</h1>
      <sending.Form method="post" ref={form} className="stack">
        <label>
          To
          <select name="to">
            {people.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Text
          <input
            name="text"
            autoComplete="off"
            defaultValue={answer && "errors" in answer ? answer.values.text : ""}
          />
        </label>
        <Said answer={answer} />
        <button disabled={sending.state !== "idle"}>Send</button>
      </sending.Form>
    </section>
  );
}

function Said({ answer }: { answer: Route.ActionData }) {
  if (!answer) return null;
  if ("id" in answer) return <p role="status">Sent.</p>;
  return (
    <p className="error" role="alert">
      {answer.errors.text?.text ?? answer.errors.to?.text}
    </p>
  );
}
