import {
  Centrifuge,
  type Subscription as CentrifugeSubscription,
  type SubscribedContext,
  type TransportEndpoint,
} from "centrifuge";
import { Cell, guarded } from "../subscribable.js";
import type { ClientInfo, History, HistoryOptions, LineState, Recovery, Transport } from "../types.js";
import { onWake } from "../wake.js";
import { Carriers } from "./carriers.js";
import type { Line, SubscribeOptions, Subscription, SubscriptionListener, SubscriptionStart } from "./line.js";

export interface CentrifugeLineOptions {
  /** Sent with each connection attempt, so that the server knows which page it talks to. */
  readonly data?: unknown;
  /** What the server said when it accepted a connection. */
  readonly onConnected?: (data: unknown) => void;
}

const IDLE: LineState = { status: "idle" };

/** Milliseconds over which tabs that wake up at the same moment (a network that is back) are spread. */
const SPREAD = 500;

/**
 * The line over the official client of the Centrifuge protocol. That client answers an exception in a listener by
 * giving up the connection for good, so every listener is called guarded.
 */
export class CentrifugeLine implements Line {
  readonly #client: Centrifuge;
  readonly #network = new EventTarget();
  readonly #state = new Cell<LineState>(IDLE);
  readonly watch = this.#state.subscribe;
  #wasOpen = false;
  #asked = 0;
  #recovered: Recovery | undefined;
  #sleep: (() => void) | undefined;

  constructor(address: string, { data, onConnected }: CentrifugeLineOptions = {}) {
    const { endpoints, emulation } = addresses(address);
    const carriers = new Carriers(endpoints);
    const onAsked = () => {
      this.#asked = performance.now();
    };
    this.#client = new Centrifuge(carriers.forClient, {
      name: "offhook",
      ...timed(onAsked),
      emulationEndpoint: emulation,
      networkEventTarget: this.#network,
      ...(data === undefined ? {} : { data }),
    });
    this.#client.on("connecting", ({ code, reason }) => {
      if (this.state.status === "open") carriers.lost();
      // 0: the page has asked for it. Everything else is a line that was lost.
      this.#become({ status: "connecting", ...(code === 0 ? {} : { code, reason, since: Date.now() }) });
    });
    this.#client.on("error", ({ type, error: { code, message } }) => {
      if (this.state.status !== "connecting") return;
      if (type === "transport") carriers.failed();
      this.#become({ status: "connecting", code, reason: message, since: this.state.since ?? Date.now() });
    });
    this.#client.on("connected", (context) => {
      carriers.opened(context.transport as Transport);
      this.#connected(context.transport as Transport);
      guarded(() => onConnected?.(context.data));
    });
    this.#client.on("disconnected", ({ code, reason }) => {
      this.#rest();
      this.#state.set(code === 0 ? IDLE : { status: "closed", code, reason, since: Date.now() });
    });
  }

  get state(): LineState {
    return this.#state.get();
  }

  open(): void {
    this.#sleep ??= this.#listenToTheNetwork();
    this.#client.connect();
  }

  close(): void {
    this.#client.disconnect();
  }

  subscribe(
    channel: string,
    { since, joinLeave }: SubscribeOptions,
    listener: SubscriptionListener,
  ): Subscription {
    const options = { since: since ?? null, joinLeave, recoverable: true, positioned: true };
    const subscription = this.#client.newSubscription(channel, options);
    listen(subscription, listener);
    subscription.on("subscribed", (context) => {
      if (start(context).lost) this.#lost();
    });
    subscription.subscribe();
    return {
      end: () => {
        subscription.removeAllListeners();
        this.#client.removeSubscription(subscription);
      },
    };
  }

  async publish(channel: string, data: unknown): Promise<void> {
    const subscribing = this.#subscribing(channel);
    if (subscribing) await subscribing;
    await this.#client.publish(channel, data);
  }

  async call(channel: string, data: unknown): Promise<unknown> {
    const subscribing = this.#subscribing(channel);
    if (subscribing) await subscribing;
    return (await this.#client.rpc(channel, data)).data;
  }

  async history(channel: string, options: HistoryOptions): Promise<History> {
    const subscribing = this.#subscribing(channel);
    if (subscribing) await subscribing;
    const { publications, offset, epoch } = await this.#client.history(channel, options);
    return { publications, position: { offset, epoch } };
  }

  /** Commands on a channel require a subscription: what to wait for, while one is being made. */
  #subscribing(channel: string): Promise<void> | undefined {
    const subscription = this.#client.getSubscription(channel);
    return subscription?.state === "subscribing" ? subscription.ready() : undefined;
  }

  async presence(channel: string): Promise<readonly ClientInfo[]> {
    const { clients } = await this.#client.presence(channel);
    return Object.values(clients);
  }

  #connected(transport: Transport): void {
    const latency = Math.round(performance.now() - this.#asked);
    if (this.#wasOpen) this.#recovered = { at: Date.now(), lost: false };
    this.#wasOpen = true;
    this.#become({ status: "open", transport, latency });
  }

  #lost(): void {
    this.#recovered = { at: this.#recovered?.at ?? Date.now(), lost: true };
    this.#become(this.state);
  }

  #become(state: LineState): void {
    this.#state.set(this.#recovered ? { ...state, recovered: this.#recovered } : state);
  }

  /**
   * When the page is looked at again, or the network is back, a waiting attempt is brought forward. One under way is
   * given up for a new one: in a network that has changed meanwhile it may hang until its deadline.
   */
  #listenToTheNetwork(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (name: string) => this.#network.dispatchEvent(new Event(name));
    const onOffline = () => tell("offline");
    const ignore = onWake(() => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (this.state.status === "connecting") tell("offline");
        tell("online");
      }, Math.random() * SPREAD);
    });
    addEventListener("offline", onOffline);
    return () => {
      clearTimeout(timer);
      ignore();
      removeEventListener("offline", onOffline);
    };
  }

  #rest(): void {
    this.#sleep?.();
    this.#sleep = undefined;
    this.#wasOpen = false;
    this.#recovered = undefined;
  }
}

/**
 * Where the line can be reached, in the order in which that is tried: HTTP for where something on the way stops
 * WebSockets, and events for where something keeps an answer back until it is whole.
 */
function addresses(websocket: string): { endpoints: TransportEndpoint[]; emulation: string } {
  const beside = (path: string) => new URL(path, websocket.replace(/^ws/, "http")).href;
  const endpoints: TransportEndpoint[] = [{ transport: "websocket", endpoint: websocket }];
  // The client refuses to connect when the transport of the attempt is none that the environment has.
  if (typeof ReadableStream !== "undefined") {
    endpoints.push({ transport: "http_stream", endpoint: beside("http_stream") });
  }
  if (typeof EventSource !== "undefined") endpoints.push({ transport: "sse", endpoint: beside("sse") });
  return { endpoints, emulation: beside("../emulation") };
}

/** What connections are made of, telling when the connect command goes out, whose reply tells the latency. */
function timed(onAsked: () => void): { websocket: unknown; fetch: typeof fetch; eventsource: unknown } {
  class TimedWebSocket extends WebSocket {
    #isFirst = true;

    override send(data: Parameters<WebSocket["send"]>[0]): void {
      if (this.#isFirst) onAsked();
      this.#isFirst = false;
      super.send(data);
    }
  }
  const timedFetch: typeof fetch = (...request) => {
    onAsked();
    return fetch(...request);
  };
  return { websocket: TimedWebSocket, fetch: timedFetch, eventsource: timedEventSource(onAsked) };
}

function timedEventSource(onAsked: () => void): unknown {
  if (typeof EventSource === "undefined") return null;
  return class extends EventSource {
    constructor(...request: ConstructorParameters<typeof EventSource>) {
      onAsked();
      super(...request);
    }
  };
}

function listen(subscription: CentrifugeSubscription, listener: SubscriptionListener): void {
  subscription.on("subscribed", (context) => guarded(() => listener.onSubscribed(start(context))));
  subscription.on("subscribing", () => guarded(() => listener.onInterrupted()));
  subscription.on("publication", (publication) => guarded(() => listener.onPublication(publication)));
  subscription.on("join", ({ info }) => guarded(() => listener.onJoin(info)));
  subscription.on("leave", ({ info }) => guarded(() => listener.onLeave(info)));
  subscription.on("unsubscribed", ({ code, reason }) => guarded(() => listener.onUnsubscribed(code, reason)));
}

function start({ streamPosition, wasRecovering, recovered }: SubscribedContext): SubscriptionStart {
  return { position: streamPosition, lost: wasRecovering && !recovered };
}
