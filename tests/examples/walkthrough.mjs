// The walk-through with Node's `ws`: node walkthrough.mjs ws://127.0.0.1:8080 client|server; prints both tables as JSON.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import WebSocket from "ws";

const [url, ending] = process.argv.slice(2);
const run = randomUUID();
const names = ["connecting", "open", "closing", "closed"];
const seen = [];
const saw = (kind, text = "") => seen.push({ side: "client", kind, state: names[ws.readyState], text });

const ws = new WebSocket(`${url}/?run=${run}`);
saw("created");
await once(ws, "open");
saw("accepted");
ws.send("Hello Server");
saw("sent", "Hello Server");
const [answer] = await once(ws, "message");
saw("received", answer.toString());
saw("waiting");
if (ending === "server") ws.send("Goodbye Server");
else ws.close();
await once(ws, "close");
saw("closed", ending);

const response = await fetch(`http${url.slice(2)}/runs/${run}`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ seen }),
});
console.log(await response.text());
