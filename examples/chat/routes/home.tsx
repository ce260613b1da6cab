export default function Home() {
  return (
    <section className="card">
      <title>Offhook chat</title>
      <h1>Choose a room</h1>
      <p>What somebody writes in a room is on every screen at once, without a reload, and stays there after a cut.</p>
    </section>
  );
}
