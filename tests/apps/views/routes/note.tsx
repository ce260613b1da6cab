import { type ClientActionArgs, type ClientLoaderArgs, Form, useActionData, useLoaderData } from "offhook";
import type { Route } from "./+types/note";

export async function clientLoader({ serverLoader }: ClientLoaderArgs) {
  const note = await serverLoader<Route.LoaderData>();
  return { ...note, draft: localStorage.getItem("draft") ?? "" };
}
clientLoader.hydrate = true as const;

export async function clientAction({ request, serverAction }: ClientActionArgs) {
  const form = await request.formData();
  if (!form.get("title")) return "A title is missing.";
  localStorage.setItem("draft", String(form.get("draft")));
  return serverAction<Route.ActionData>();
}

export function HydrateFallback() {
  return <p>Looking for a draft…</p>;
}

export const handle = { crumb: "Note" };

export default function Note() {
  const { title, draft } = useLoaderData<typeof clientLoader>();
  const answer = useActionData<string>();
  return (
    <Form method="post">
      <h1>{title}</h1>
      <input name="title" aria-label="Title" />
      <textarea name="draft" aria-label="Draft" defaultValue={draft} />
      <button type="submit">Save</button>
      <output>{answer}</output>
    </Form>
  );
}
