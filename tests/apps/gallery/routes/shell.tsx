import { Outlet, useNonce } from "offhook";

export default function Shell() {
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        <title>Gallery</title>
        <link rel="icon" href="data:," />
        <script nonce={useNonce()} suppressHydrationWarning>
          {'document.documentElement.dataset.theme = "dark";'}
        </script>
      </head>
      <body style={{ margin: 20 }}>
        <Outlet />
      </body>
    </html>
  );
}
