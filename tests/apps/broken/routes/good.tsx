export default function Good() {
  return <h1>Rendered</h1>;
}
