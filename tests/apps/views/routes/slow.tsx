import { useLoaderData } from "offhook";

export default function Slow() {
  return <h1>{useLoaderData<string>()}</h1>;
}
