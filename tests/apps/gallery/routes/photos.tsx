import { Form, useActionData, useLoaderData } from "offhook";
import type { Route } from "./+types/photos";

export default function Photos() {
  const { names, notice } = useLoaderData<Route.LoaderData>();
  const refused = useActionData<Route.ActionData>();
  return (
    <main>
      <p role="status">{notice}</p>
      {names.map((name) => (
        <img key={name} src={`/photos/${name}`} alt={name} />
      ))}
      <Form method="post" action="?index" encType="multipart/form-data">
        <input name="title" defaultValue={refused?.values.title} />
        <input name="file" type="file" />
        <p role="alert">{refused?.errors.file?.text}</p>
        <button type="submit">Add</button>
      </Form>
    </main>
  );
}
