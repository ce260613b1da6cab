export default function Home() {
  return <p>Nothing live here.</p>;
}
