import { Outlet } from "offhook";
import "../hello.css";

export default function Shell() {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="icon" href="data:," />
      </head>
      <body>
        <Outlet />
      </body>
    </html>
  );
}
