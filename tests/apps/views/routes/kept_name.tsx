import { Form, useLoaderData } from "offhook";

export default function Name() {
  return (
    <Form method="post">
      <h2>{useLoaderData<string>()}</h2>
      <button type="submit">Here</button>
    </Form>
  );
}
