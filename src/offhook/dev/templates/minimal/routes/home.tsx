import { Form, upsert, useActionData, useLive } from "offhook";
import type { Route } from "./+types/home";

export default function Home() {
  const { entries } = useLive<Route.Live>((page, entry) => ({ ...page, entries: upsert(page.entries, entry) }));
  const newest = entries.toSorted((one, other) => other.id - one.id);
  const answer = useActionData<Route.ActionData>();
  const written = answer && "id" in answer ? answer.id : 0; // its form begins anew
  const errors = answer && "errors" in answer ? answer.errors : {};
  return (
    <main>
      <title>Guest book</title>
      <h1>Guest book</h1>
      <Form method="post" key={written}>
        <label>
          Name <input name="name" autoComplete="name" />
          {errors.name && <em>{errors.name.text}</em>}
        </label>
        <label>
          Text <input name="text" autoComplete="off" />
          {errors.text && <em>{errors.text.text}</em>}
        </label>
        <button>Write</button>
      </Form>
      <ul>
        {newest.map(({ id, name, text }) => (
          <li key={id}>
            <b>{name}</b> {text}
          </li>
        ))}
      </ul>
    </main>
  );
}
