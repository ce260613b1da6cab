import { useConnection } from "offhook";
import { useState } from "react";
import { type Ending, useRun } from "../run";
import { Changes, Steps } from "../tables";

export default function Walkthrough() {
  const [run, setRun] = useState<{ number: number; ending: Ending }>({ number: 1, ending: "client" });
  return (
    <main>
      <title>Hello, server</title>
      <h1>Hello, server</h1>
      <p>
        This page dials the address it came from, says <q>Hello Server</q> and is answered with <q>Hello Client</q>. The
        tables are drawn from what both ends of the line report, while it happens.
      </p>
      <p className="again">
        Run it again:
        {(["client", "server"] as const).map((ending) => (
          <button key={ending} onClick={() => setRun(({ number }) => ({ number: number + 1, ending }))}>
            the {ending} closes
          </button>
        ))}
        <Line />
      </p>
      <Run key={run.number} ending={run.ending} />
    </main>
  );
}

function Run({ ending }: { ending: Ending }) {
  const tables = useRun(ending);
  return (
    <>
      <Steps rows={tables.rows} />
      <Changes changes={tables.changes} />
    </>
  );
}

function Line() {
  return <small role="status">line: {useConnection().status}</small>;
}
