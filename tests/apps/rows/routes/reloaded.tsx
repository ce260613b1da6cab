import { Form, useActionData, useLive } from "offhook";
import { Fields, Rows } from "../components";
import type { Route } from "./+types/reloaded";

export default function Reloaded() {
  const { rows } = useLive<Route.Live>();
  const answer = useActionData<Route.ActionData>();
  return (
    <Form method="post">
      <output>{answer && "errors" in answer && Object.keys(answer.errors).join()}</output>
      <Fields />
      <Rows of={rows} />
    </Form>
  );
}
