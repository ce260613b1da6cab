import { useLoaderData, useParams } from "offhook";
import type { Route } from "./+types/files";

export default function Files() {
  const { path } = useLoaderData<Route.LoaderData>();
  return (
    <h1>
      {useParams()["*"]} of {path}
    </h1>
  );
}
