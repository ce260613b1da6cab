// The official JavaScript SDK in Node, unchanged, over one transport and in one codec. Prints one JSON line for each
// step; the test in Python reads them and cuts the line in between:
// node --experimental-eventsource sdk.mjs TRANSPORT CODEC READER WRITER EMULATION SECRET
import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";
import WebSocket from "ws";

const [transport, codec, readerUrl, writerUrl, emulationUrl, secret] = process.argv.slice(2);
const isBinary = codec === "protobuf";
const { Centrifuge } = await import(isBinary ? "centrifuge/build/protobuf" : "centrifuge");

// In Protobuf a payload is bytes, and what they mean is the application's business: JSON, with this server.
const pack = (value) => (isBinary ? new TextEncoder().encode(JSON.stringify(value)) : value);
const unpack = (data) => (isBinary ? JSON.parse(new TextDecoder().decode(data)) : data);

const say = (step, details = {}) => console.log(JSON.stringify({ step, ...details }));
const orders = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ordered = async () => (await orders.next()).value;

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const seconds = (count) => Math.floor(Date.now() / 1000) + count;
function token(claims) {
  const signed = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const errors = [];
function open(url, getToken) {
  const path = transport === "websocket" ? url.replace("http", "ws") : url;
  const client = new Centrifuge([{ transport, endpoint: `${path}/connection/${transport}` }], {
    emulationEndpoint: `${emulationUrl}/emulation`,
    websocket: WebSocket,
    minReconnectDelay: 50,
    maxReconnectDelay: 200,
    getToken,
  });
  client.on("error", ({ error }) => errors.push(error.message));
  return client;
}

/** What comes, by channel; `until` waits for a number of it. */
class Log {
  values = [];
  #waiting = [];
  push = (value) => {
    this.values.push(value);
    for (const check of this.#waiting) check();
  };
  until = (count) =>
    new Promise((resolve) => {
      const check = () => this.values.length >= count && resolve(this.values);
      this.#waiting.push(check);
      check();
    });
}
const once = (source, name) => new Promise((resolve) => source.once(name, resolve));
const numbers = (publications) => publications.map(({ data }) => unpack(data).n);

let tokens = 0;
const asked = new Log();
const reader = open(readerUrl, async () => {
  asked.push((tokens += 1));
  const claims = { sub: "ann", info: { name: "Ann" }, channels: ["private:ann"] };
  return token({ ...claims, exp: seconds(tokens === 1 ? 2 : 3600) });
});
const writer = open(writerUrl, async () => token({ sub: "bob", info: { name: "Bob" }, exp: seconds(3600) }));

// Connect, tokens
const inbox = new Log();
reader.on("publication", ({ channel, data }) => channel === "private:ann" && inbox.push(unpack(data).n));
const subscribedByServer = once(reader, "subscribed");
const connected = once(reader, "connected");
reader.connect();
writer.connect();
say("connected", { transport: (await connected).transport, channel: (await subscribedByServer).channel });

// Subscribe, publish, join and leave
const room = reader.newSubscription("room:1", { joinLeave: true, recoverable: true });
const published = new Log();
const moves = new Log();
room.on("publication", ({ data, info }) => published.push([unpack(data).n, info?.user]));
room.on("join", ({ info }) => moves.push(["join", info.user, unpack(info.connInfo).name]));
room.on("leave", ({ info }) => moves.push(["leave", info.user, unpack(info.connInfo).name]));
let told = once(room, "subscribed");
room.subscribe();
const first = await told;
await room.publish(pack({ n: 1 }));
await writer.publish("room:1", pack({ n: 2 }));
await moves.until(1); // its own
const other = writer.newSubscription("room:1");
other.subscribe();
await moves.until(2);
other.unsubscribe();
say("subscribed", {
  recovered: first.recovered,
  published: await published.until(2),
  moves: await moves.until(3),
});

// History in both directions, presence, calls
const forward = await room.history({ limit: 10 });
const since = { offset: 1, epoch: forward.epoch };
const { clients } = await room.presence();
const refused = await room.history({ limit: 1, since: { ...since, epoch: "wrong" } }).catch(({ code }) => code);
const denied = await reader.rpc("nowhere", pack({})).catch(({ code }) => code);
say("asked", {
  forward: numbers(forward.publications),
  since: numbers((await room.history({ limit: 10, since })).publications),
  backward: numbers((await room.history({ limit: 10, reverse: true })).publications),
  refused,
  present: Object.values(clients).map(({ user, connInfo }) => [user, unpack(connInfo).name]),
  stats: await room.presenceStats(),
  call: unpack((await reader.rpc("room:1", pack({ a: "é" }))).data),
  denied,
});

// A token for a channel, server-side publications, refresh
const closed = reader.newSubscription("private:2", {
  getToken: async ({ channel }) => token({ sub: "ann", channel, exp: seconds(3600) }),
});
told = once(closed, "subscribed");
closed.subscribe();
await told;
await writer.publish("private:ann", pack({ n: 1 }));
await inbox.until(1);
await asked.until(2);
const after = await reader.rpc("room:1", pack({}));
say("refreshed", { inbox: inbox.values, tokens, state: reader.state, who: unpack(after.data).who });

// Deltas, getState
const text = "lorem ipsum dolor sit amet, consectetur adipiscing elit é ".repeat(5);
const page = reader.newSubscription("room:page", { delta: "fossil", recoverable: true });
const pages = new Log();
page.on("publication", ({ data }) => pages.push(unpack(data)));
const stale = { offset: 1, epoch: "wrong" };
let states = 0;
const snapshot = reader.newSubscription("room:state", {
  getState: async () => {
    states += 1;
    if (states === 1) return stale;
    const { offset, epoch } = await page.history({ limit: 0 }).then(() => writerHistory("room:state"));
    return { offset: offset - 1, epoch };
  },
});
const states2 = new Log();
snapshot.on("publication", ({ data }) => states2.push(unpack(data).n));
const helper = writer.newSubscription("room:state");
const writerHistory = async () => helper.history({ limit: 0 });
told = Promise.all([once(page, "subscribed"), once(helper, "subscribed")]);
page.subscribe();
helper.subscribe();
await told;
for (const n of [1, 2, 3]) await writer.publish("room:page", pack({ n, text }));
for (const n of [1, 2, 3]) await writer.publish("room:state", pack({ n }));
await pages.until(3);
snapshot.subscribe();
await states2.until(1);
say("delta", {
  whole: pages.values.every((each) => each.text === text),
  numbers: pages.values.map(({ n }) => n),
  deltas: page.deltaStats().numDeltaPayloads,
  states,
  stateNumbers: states2.values,
});

// Recovery
await ordered(); // the line was cut
const again = [room, page].map((subscription) => once(subscription, "subscribed"));
const restored = once(reader, "subscribed");
for (const n of [3, 4, 5]) await writer.publish("room:1", pack({ n }));
for (const n of [4, 5, 6]) await writer.publish("room:page", pack({ n, text }));
await writer.publish("private:ann", pack({ n: 2 }));
say("published");
const results = [...(await Promise.all(again)), await restored];
await published.until(5);
await pages.until(6);
await inbox.until(2);
say("recovered", {
  results: results.map(({ wasRecovering, recovered }) => [wasRecovering, recovered]),
  published: published.values.map(([n]) => n),
  pages: pages.values.map(({ n }) => n),
  whole: pages.values.every((each) => each.text === text),
  inbox: inbox.values,
  states,
  fatal: errors.filter((each) => each !== "transport closed"),
});
reader.disconnect();
writer.disconnect();
process.exit(0);
