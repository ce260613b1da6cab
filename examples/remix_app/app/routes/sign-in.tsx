import { Form } from "react-router";
import { signIn } from "../sessions.server";
import type { Route } from "./+types/sign-in";

export async function action({ request }: Route.ActionArgs) {
  const name = String((await request.formData()).get("name") ?? "").trim();
  return name ? await signIn(request, name.slice(0, 40)) : { error: "Say who you are." };
}

export default function SignIn({ actionData }: Route.ComponentProps) {
  return (
    <Form method="post" className="bar">
      <input name="name" aria-label="Your name" placeholder="Your name" maxLength={40} autoComplete="off" />
      <button type="submit">Sign in</button>
      {actionData?.error && <p role="alert">{actionData.error}</p>}
    </Form>
  );
}
