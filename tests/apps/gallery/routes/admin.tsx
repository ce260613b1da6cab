import { useLoaderData } from "offhook";

export default function Admin() {
  return <h1>{useLoaderData<string>()}</h1>;
}
