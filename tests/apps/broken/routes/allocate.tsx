const isServer = typeof window === "undefined";

export default function Allocate() {
  for (const all = []; isServer; ) all.push(new Array(100_000).fill(all.length));
  return <h1>In the browser</h1>;
}
