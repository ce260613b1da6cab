
const [transport, base, own] = process.argv.slice(2);
const say = (o) => console.log(JSON.stringify(o));
let count = 0;
const real = globalThis.fetch;
globalThis.fetch = (...a) => { if (String(a[0]?.url ?? a[0]).includes("/connection/")) count++; return real(...a); };
const RealES = globalThis.EventSource;
globalThis.EventSource = class extends RealES { constructor(...a) { super(...a); count++; } };
setInterval(() => say({ count }), 500);
if (own === "own") {
  // Where no WebSocket gets through.
  globalThis.WebSocket = class extends EventTarget { static CONNECTING = 0; static OPEN = 1; readyState = 0; bufferedAmount = 0;
    constructor() { super(); setTimeout(() => { this.readyState = 3; this.onerror?.(new Event("error")); this.onclose?.({ code: 1006, reason: "" }); }, 1); }
    send() {} close() {} };
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  globalThis.addEventListener = () => {}; globalThis.removeEventListener = () => {};
  if (transport === "sse") { const f = globalThis.fetch; globalThis.fetch = (...a) => String(a[0]).includes("http_stream") ? Promise.reject(new TypeError("blocked")) : f(...a); }
  const { CentrifugeLine } = await import("./client/dist/line/centrifuge.js");
  const line = new CentrifugeLine(base.replace("http", "ws") + "/connection/websocket");
  line.watch(() => say({ state: line.state }));
  line.open();
} else {
  const { Centrifuge } = await import("centrifuge");
  const c = new Centrifuge([{ transport, endpoint: `${base}/connection/${transport}` }], { emulationEndpoint: `${base}/emulation` });
  c.on("connecting", (x) => say({ connecting: x.code, reason: x.reason }));
  c.on("disconnected", (x) => say({ disconnected: x.code, reason: x.reason }));
  c.on("error", (x) => say({ error: x.error?.code, message: x.error?.message }));
  c.connect();
}
