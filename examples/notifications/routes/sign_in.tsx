import { Form, useActionData, useSearchParams } from "offhook";
import type { Route } from "./+types/sign_in";

export default function SignIn() {
  const answer = useActionData<Route.ActionData>();
  const [search] = useSearchParams();
  return (
    <section>
      <title>Sign in · Offhook notifications</title>
      <h1>Who are you?</h1>
      <Form method="post" className="stack">
        <input type="hidden" name="next" value={search.get("next") ?? "/"} />
        <label>
          Your name
          <input name="name" defaultValue={answer?.values.name} autoComplete="nickname" autoFocus required />
        </label>
        {answer?.errors.name && (
          <p className="error" role="alert">
            {answer.errors.name.text}
          </p>
        )}
        <button>Sign in</button>
      </Form>
    </section>
  );
}
