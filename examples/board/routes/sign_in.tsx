import { Form, useActionData } from "offhook";
import type { Route } from "./+types/sign_in";

export default function SignIn() {
  const answer = useActionData<Route.ActionData>();
  return (
    <section>
      <h1>Who are you?</h1>
      <Form method="post" className="stack">
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
