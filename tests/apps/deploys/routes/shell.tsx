import { Link, Outlet, useConnection } from "offhook";
import { build } from "../build";

export default function Shell() {
  const { status } = useConnection();
  return (
    <html lang="en">
      <head>
        <title>Deploys</title>
        <link rel="icon" href="data:," />
      </head>
      <body data-build={build}>
        <span className="line" data-status={status}>
          {status}
        </span>
        <nav>
          <Link to="/">Home</Link> <Link to="/list">List</Link> <Link to="/list#last">Last</Link>{" "}
          <Link to="/list?prefetched" prefetch="intent">
            Prefetched
          </Link>{" "}
          <Link to="/noted">Noted</Link>
        </nav>
        <textarea aria-label="Draft" autoComplete="off" />
        <Outlet />
      </body>
    </html>
  );
}
