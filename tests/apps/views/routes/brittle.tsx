export default function Brittle() {
  return <h1>{window.innerWidth > 0 ? "Only in a browser" : ""}</h1>;
}
