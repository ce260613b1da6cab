import { useLoaderData } from "offhook";
import { Written } from "../written";
import type { Route } from "./+types/list";

export default function List() {
  return (
    <main>
      <h1>List</h1>
      <Written lines={useLoaderData<Route.LoaderData>()} />
      <p id="last">The last one</p>
    </main>
  );
}
