import {
  type ClientActionArgs,
  type ClientLoaderArgs,
  Form,
  useActionData,
  useLoaderData,
  useRevalidator,
} from "offhook";
import { Text, Written } from "../written";
import type { Route } from "./+types/noted";

export async function clientLoader({ serverLoader }: ClientLoaderArgs) {
  return [...(await serverLoader<Route.LoaderData>()), "from the browser"];
}

export async function clientAction({ serverAction }: ClientActionArgs) {
  return `${await serverAction<string>()}, says the browser`;
}

export default function Noted() {
  const { revalidate } = useRevalidator();
  return (
    <main>
      <h1>Noted</h1>
      <Written lines={useLoaderData<typeof clientLoader>()} />
      <button type="button" onClick={() => void revalidate()}>
        Again
      </button>
      <Form method="post">
        <Text button="Write" />
        <output>{useActionData<typeof clientAction>()}</output>
      </Form>
    </main>
  );
}
