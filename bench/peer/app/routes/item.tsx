import { type LoaderFunctionArgs, useLoaderData } from "react-router";
import { items } from "../data";

export function loader({ params }: LoaderFunctionArgs) {
  const item = items[Number(params.item_id) - 1];
  if (!item) throw new Response(null, { status: 404 });
  return { item, about: "Made by hand, one at a time." };
}

export default function Item() {
  const { item, about } = useLoaderData<typeof loader>();
  return (
    <article>
      <h1>{item.name}</h1>
      <p>{about}</p>
    </article>
  );
}
