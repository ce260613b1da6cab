import { Form, useLive } from "offhook";
import type { Route } from "./+types/home";

export default function Home() {
  // On purpose: what the loader has seen already may be published once more, and would then stand here twice.
  const { notes } = useLive<Route.Live>((page, note) => ({ ...page, notes: [...page.notes, note] }));
  return (
    <Form method="post">
      <button>Add</button>
      <p>{notes.length} notes</p>
    </Form>
  );
}
