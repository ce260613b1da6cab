import { Outlet, useLive } from "offhook";
import { money } from "../money";
import type { Route } from "./+types/totals";

export default function Totals() {
  const day = useLive<Route.Live>();
  return (
    <main>
      <dl className="totals">
        <div>
          <dt>Turnover</dt>
          <dd>{money(day.turnover)}</dd>
        </div>
        <div>
          <dt>Orders</dt>
          <dd>{day.orders}</dd>
        </div>
        <div>
          <dt>Pieces</dt>
          <dd>{day.pieces}</dd>
        </div>
        <div className={day.ending.length > 0 ? "warn" : undefined}>
          <dt>Nearly gone</dt>
          <dd className="words">{day.ending.join(", ") || "nothing"}</dd>
        </div>
      </dl>
      <Outlet />
    </main>
  );
}
