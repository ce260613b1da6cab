export default function Part() {
  return <p id="part">A part</p>;
}
