import { Link } from "offhook";

export default function Long() {
  return (
    <main>
      {Array.from({ length: 100 }, (_, row) => (
        <p key={row} style={{ height: 40 }}>
          <Link to="/about">Row {row}</Link>
        </p>
      ))}
    </main>
  );
}
