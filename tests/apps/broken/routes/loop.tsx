const isServer = typeof window === "undefined";

export default function Loop() {
  while (isServer);
  return <h1>In the browser</h1>;
}
