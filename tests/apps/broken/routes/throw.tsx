const isServer = typeof window === "undefined";

export default function Throw() {
  if (isServer) throw new Error("not here");
  return <h1>In the browser</h1>;
}
