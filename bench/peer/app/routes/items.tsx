import { Link, Outlet, useLoaderData } from "react-router";
import { items } from "../data";

export function loader() {
  return { items };
}

export default function Items() {
  const { items } = useLoaderData<typeof loader>();
  return (
    <main>
      <ul>
        {items.map((item) => (
          <li key={item.id} className={item.stock > 0 ? "there" : "gone"}>
            <Link to={`/items/${item.id}`}>{item.name}</Link>
            <span>{item.price.toFixed(2)}</span>
            <small>{item.stock} in stock</small>
          </li>
        ))}
      </ul>
      <Outlet />
    </main>
  );
}
