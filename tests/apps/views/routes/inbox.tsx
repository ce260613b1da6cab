export default function Inbox() {
  return <h1>Choose a letter</h1>;
}
