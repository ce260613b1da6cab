import { Form, useActionData, useSearchParams } from "offhook";
import { FieldError } from "../components";
import type { Route } from "./+types/sign_in";

export default function SignIn() {
  const answer = useActionData<Route.ActionData>();
  const [search] = useSearchParams();
  return (
    <section className="card">
      <title>Sign in · Offhook chat</title>
      <h1>Come in</h1>
      <Form method="post" className="stack">
        <input type="hidden" name="next" value={search.get("next") ?? "/"} />
        <label>
          Your name
          <input name="name" defaultValue={answer?.values.name} autoComplete="nickname" autoFocus required />
        </label>
        <FieldError of={answer} field="name" />
        <button>Sign in</button>
      </Form>
    </section>
  );
}
