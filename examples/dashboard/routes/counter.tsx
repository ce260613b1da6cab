import { upsert, useLive } from "offhook";
import { BookOrder, LastOrders, Shelf } from "../components";
import type { Route } from "./+types/counter";

function reduce(page: Route.LoaderData, publication: Route.Publication): Route.LoaderData {
  switch (publication.channel) {
    case "Orders":
      return { ...page, orders: upsert(page.orders, publication.data) };
    case "Stock":
      return { ...page, items: upsert(page.items, publication.data) };
  }
}

export default function Counter() {
  const { items, orders } = useLive<Route.Live>(reduce);
  return (
    <div className="counter">
      <section className="card">
        <h2>On the shelf</h2>
        <Shelf items={items} />
        <BookOrder items={items} />
      </section>
      <section className="card">
        <h2>Last orders</h2>
        <LastOrders orders={orders} />
      </section>
    </div>
  );
}
