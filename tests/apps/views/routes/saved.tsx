import { type ClientLoaderArgs, useLoaderData } from "offhook";
import type { Route } from "./+types/saved";

export async function clientLoader({ serverLoader }: ClientLoaderArgs) {
  return localStorage.getItem("saved") ?? (await serverLoader<Route.LoaderData>());
}

export default function Saved() {
  return <h1>{useLoaderData<typeof clientLoader>()}</h1>;
}
