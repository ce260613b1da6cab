import { type ClientLoaderArgs, Form, useLive } from "offhook";
import type { Route } from "./+types/tally";

interface Named extends Route.LoaderData {
  readonly by: string;
}

export async function clientLoader({ serverLoader }: ClientLoaderArgs): Promise<Named> {
  return { ...(await serverLoader<Route.LoaderData>()), by: "browser" };
}
clientLoader.hydrate = true as const;

export default function Tally() {
  const tally = useLive<Route.Live>((tally, { count }) => ({ ...tally, count })) as Partial<Named>;
  return (
    <Form method="post">
      <h1>
        {tally.count} by {tally.by ?? "server"}
      </h1>
      <button type="submit">One more</button>
    </Form>
  );
}
