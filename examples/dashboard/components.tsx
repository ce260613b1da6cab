import { useActionData, useFetcher } from "offhook";
import { money } from "./money";
import type { Item, Order, Route } from "./routes/+types/counter";

const clock = (seconds: number) => new Date(seconds * 1000).toISOString().slice(11, 19);

export function Shelf({ items }: { items: Item[] }) {
  return (
    <ul className="shelf">
      {items.map(({ id, name, price, baked, left }) => (
        <li key={id} data-level={left === 0 ? "none" : left <= 6 ? "low" : undefined}>
          <b>{name}</b>
          <small>{money(price)}</small>
          <meter min={0} max={baked} value={left} aria-label={`${name} left`} />
          <output>{left === 0 ? "sold out" : left}</output>
        </li>
      ))}
    </ul>
  );
}

/** A form of its own life: its answer stays on the screen when loaders run again. */
export function BookOrder({ items }: { items: Item[] }) {
  const booking = useFetcher<Route.ActionData>();
  const withoutScript = useActionData<Route.ActionData>();
  return (
    <booking.Form method="post" action="/?index" className="book">
      <label>
        Item
        <select name="item">
          {items.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Pieces
        <input name="quantity" type="number" defaultValue={1} min={1} max={12} required />
      </label>
      <button disabled={booking.state !== "idle"}>Book</button>
      <Refusal of={booking.data === undefined ? withoutScript : booking.data} />
    </booking.Form>
  );
}

function Refusal({ of }: { of: Route.ActionData }) {
  if (!of) return null;
  const text = "reason" in of ? of.reason : of.errors.quantity?.text;
  return text ? (
    <p className="error" role="alert">
      {text}
    </p>
  ) : null;
}

export function LastOrders({ orders }: { orders: Order[] }) {
  if (orders.length === 0) return <p className="empty">Nothing yet. Book the first one.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th>No.</th>
          <th>Time</th>
          <th>Item</th>
          <th className="number">Pieces</th>
          <th className="number">Total</th>
        </tr>
      </thead>
      <tbody>
        {orders
          .toSorted((a, b) => b.id - a.id)
          .slice(0, 10)
          .map((order) => (
            <tr key={order.id}>
              <td>{order.id}</td>
              <td>{clock(order.booked)}</td>
              <td>{order.item}</td>
              <td className="number">{order.quantity}</td>
              <td className="number">{money(order.total)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
