import { Outlet, useLive, useLiveStatus } from "offhook";
import { money } from "../money";
import type { Route } from "./+types/totals";

export default function Totals() {
  const day = useLive<Route.Live>();
  return (
    <main>
      <Staleness />
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

function Staleness() {
  const { isStale, error } = useLiveStatus();
  if (!isStale) return null;
  return (
    <p className="stale" role="status">
      {error ? "Could not refresh. These are the last known figures." : "Reconnecting …"}
    </p>
  );
}
