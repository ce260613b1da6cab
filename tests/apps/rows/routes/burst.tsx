import { useWebSocket } from "offhook";
import { useState } from "react";

export default function Burst() {
  const [letter, setLetter] = useState("a");
  const [heard, setHeard] = useState<readonly string[]>([]);
  // The newest `letter`, although it changes after the socket was opened.
  const onMessage = (message: unknown) => setHeard((heard) => [...heard, `${letter}:${message}`]);
  const { status, send } = useWebSocket("/burst", { onMessage });
  return (
    <main>
      <p className="status">{status}</p>
      <button type="button" onClick={() => setLetter("b")}>
        Change
      </button>
      <button type="button" onClick={() => send("go")}>
        Burst
      </button>
      <output>{heard.join(" ")}</output>
    </main>
  );
}
