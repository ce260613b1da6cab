import { Outlet, useConnection, useLive } from "offhook";
import "../dashboard.css";
import type { Route } from "./+types/shell";

const WORDS = { idle: "no line", connecting: "connecting", open: "live", closed: "closed" };

export default function Shell() {
  const oven = useLive<{ data: Route.LoaderData }>({ every: "5s" });
  const { status } = useConnection();
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Bakery · Offhook dashboard</title>
        <link rel="icon" href="data:," />
      </head>
      <body>
        <header className="top">
          <h1>Bakery</h1>
          <span className="line" data-status={status} role="status">
            {WORDS[status]}
          </span>
          <p className="oven" title={`Reading ${oven.reading}`} data-reading={oven.reading}>
            Oven <b>{oven.celsius} °C</b>
          </p>
        </header>
        <Outlet />
      </body>
    </html>
  );
}
