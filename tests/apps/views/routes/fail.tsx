import { Form, Link, useLoaderData } from "offhook";
import { useState } from "react";

export default function Fail() {
  const how = useLoaderData<string>();
  const [isBroken, setBroken] = useState(false);
  if (isBroken) throw new Error("the view is broken");
  return (
    <Form method="post">
      <h1>{how} is fine</h1>
      <button type="submit">Act</button>
      <button type="button" onClick={() => setBroken(true)}>
        Break
      </button>
      <Link to="/fail/data">data</Link>
      <Link to="/fail/away">away</Link>
    </Form>
  );
}
