import { Outlet } from "offhook";

export default function Shell() {
  return (
    <html lang="en">
      <head>
        <title>Broken</title>
        <link rel="icon" href="data:," />
      </head>
      <body>
        <Outlet />
      </body>
    </html>
  );
}
