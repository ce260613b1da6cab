// A browser's tab in Node: the real client, React, router and SDK, in a document of jsdom. Time, chance and network
// are what the other end of standard input says. One line of JSON is one thing that happens; the answer is one line
// with what the tab wants of the world because of it.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { JSDOM } from "jsdom";

const later = globalThis.setImmediate;
const wants = [];
let immediates = 0;

const clock = { now: 0, count: 0, timers: new Map() };
const requests = new Map();
const sockets = new Map();
let dom = new JSDOM("");
let root;

// Time

function at(callback, delay, interval, values) {
  clock.count += 1;
  const due = clock.now + Math.max(0, Number(delay) || 0);
  clock.timers.set(clock.count, { callback, due, interval, values });
  return clock.count;
}

globalThis.setTimeout = (callback, delay, ...values) => at(callback, delay, undefined, values);
globalThis.setInterval = (callback, delay, ...values) => at(callback, delay, Math.max(1, delay), values);
globalThis.clearTimeout = (number) => void clock.timers.delete(number);
globalThis.clearInterval = globalThis.clearTimeout;
performance.now = () => clock.now;
Date.now = () => clock.now;
globalThis.setImmediate = (callback, ...values) => {
  immediates += 1;
  return later(() => {
    immediates -= 1;
    callback(...values);
  });
};

function nextTimer() {
  return [...clock.timers].sort(([a, one], [b, two]) => one.due - two.due || a - b)[0];
}

async function runTimers() {
  for (let next = nextTimer(); next && next[1].due <= clock.now; next = nextTimer()) {
    const [number, timer] = next;
    if (timer.interval) timer.due += timer.interval;
    else clock.timers.delete(number);
    timer.callback(...timer.values);
    await drain();
  }
}

/** Lets everything run that does not wait for time or network. */
async function drain() {
  for (let quiet = 0; quiet < 4; quiet = immediates > 0 ? 0 : quiet + 1) await new Promise((done) => later(done));
}

// Chance

function seed(state) {
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Network

globalThis.fetch = (url, { method = "GET", headers = {}, body, signal } = {}) => {
  const number = requests.size + 1;
  return new Promise((resolve, reject) => {
    requests.set(number, { resolve, reject });
    signal?.addEventListener("abort", () => reject(signal.reason));
    const content = body instanceof Blob ? body.text() : Promise.resolve(body ?? "");
    const type = body instanceof Blob ? { "content-type": body.type } : {};
    content.then((text) =>
      wants.push({ want: "fetch", number, method, url, headers: { ...headers, ...type }, body: text }),
    );
  });
};

class Socket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  readyState = 0;
  bufferedAmount = 0;
  #number = sockets.size + 1;

  constructor(url) {
    super();
    this.url = url;
    sockets.set(this.#number, this);
    wants.push({ want: "open", number: this.#number, url });
  }

  send(data) {
    wants.push({ want: "send", number: this.#number, data });
  }

  close(code = 1000, reason = "") {
    this.readyState = 2;
    wants.push({ want: "close", number: this.#number, code, reason });
  }

  happens(type, fields = {}) {
    const event = Object.assign(new Event(type), fields);
    this[`on${type}`]?.(event);
  }
}

// The document

const BOUND = ["addEventListener", "removeEventListener", "dispatchEvent", "scrollTo"];
const OURS = ["FormData", "Event", "EventTarget", "navigator", "HTMLFormElement"];

function expose() {
  for (const name of [...Object.getOwnPropertyNames(dom.window), ...BOUND]) {
    if (name in globalThis && !OURS.includes(name)) continue;
    const value = () => (BOUND.includes(name) ? dom.window[name].bind(dom.window) : dom.window[name]);
    Object.defineProperty(globalThis, name, { get: value, set: (it) => void (dom.window[name] = it), configurable: true });
  }
}

/** Ends the page that is open; nothing of it may happen later. */
function leaveDocument() {
  root?.unmount();
  root = undefined;
  clock.timers.clear();
  requests.clear();
  sockets.clear();
}

function open({ url, html }) {
  leaveDocument();
  dom.window.close();
  dom = new JSDOM(html, { url });
  dom.window.scrollTo = () => {};
}

expose();
globalThis.WebSocket = Socket;
for (const level of ["error", "warn"])
  console[level] = (...words) => wants.push({ want: "complaint", text: words.map(String).join(" ") });
process.on("unhandledRejection", (error) => wants.push({ want: "complaint", text: String(error?.stack ?? error) }));

const [bundle] = process.argv.slice(2);
const { start } = await import("../../client/dist/browser/start.js");
const { CentrifugeLine } = await import("../../client/dist/line/centrifuge.js");
const { createRenderer } = await import("../../client/dist/server.js");
const { entries } = await import(pathToFileURL(bundle).href);
const render = createRenderer(entries);

const connect = ({ build, line }, onBuild) =>
  new CentrifugeLine(`ws://testserver${line.url}`, {
    data: { build },
    onConnected: (data) => onBuild(data?.build),
  });
const leave = (href) => void wants.push({ want: "leave", url: href });

// What happens

const happenings = {
  // The page of another world would take of this one's chance when it ends.
  seed: ({ seed: value }) => {
    leaveDocument();
    seed(value);
  },
  render: ({ page }) => wants.push({ want: "rendered", page: render(page) }),
  open: async (document) => {
    open(document);
    ({ root } = await start(entries, { connect, leave }));
  },
  answer: ({ number, status, headers, body }) =>
    requests.get(number)?.resolve(new Response(body, { status, headers })),
  fail: ({ number }) => requests.get(number)?.reject(new TypeError("Failed to fetch")),
  accepted: ({ number }) => {
    const socket = sockets.get(number);
    if (socket) socket.readyState = 1;
    socket?.happens("open");
  },
  received: ({ number, data }) => sockets.get(number)?.happens("message", { data }),
  closed: ({ number, code, reason }) => {
    const socket = sockets.get(number);
    if (socket) socket.readyState = 3;
    socket?.happens("close", { code, reason, wasClean: code !== 1006 });
  },
  network: ({ type }) => dom.window.dispatchEvent(new dom.window.Event(type)),
  click: ({ text }) => {
    const found = [...document.querySelectorAll("a, button")].find((each) => each.textContent === text);
    found?.dispatchEvent(new dom.window.MouseEvent("click", { bubbles: true, cancelable: true, button: 0 }));
  },
  submit: ({ fields }) => {
    const form = document.querySelector("form");
    if (!form) return;
    for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
    form.requestSubmit();
  },
  look: () =>
    wants.push({
      want: "looked",
      path: location.pathname,
      rows: [...document.querySelectorAll("li")].map((each) => each.textContent),
      failed: document.querySelector("[role=alert]") !== null,
      pending: document.querySelector("[data-pending]")?.dataset.pending ?? "0",
    }),
  time: () => {},
};

for await (const line of createInterface({ input: process.stdin })) {
  const { does, now, ...what } = JSON.parse(line);
  clock.now = now;
  await happenings[does](what);
  await drain();
  await runTimers();
  const due = nextTimer()?.[1].due ?? null;
  process.stdout.write(`${JSON.stringify({ wants: wants.splice(0), due })}\n`);
}
process.exit();
