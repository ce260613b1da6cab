import { Form } from "offhook";

export default function SignIn() {
  return (
    <Form method="post">
      <input name="name" />
      <input name="password" type="password" />
      <button type="submit">Sign in</button>
    </Form>
  );
}
