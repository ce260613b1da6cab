import type { Line, SubscribeOptions, Subscription, SubscriptionListener } from "../line/line.js";
import { Cell } from "../subscribable.js";
import type {
  ChannelPosition,
  ClientInfo,
  History,
  HistoryOptions,
  LineState,
  Position,
  Publication,
} from "../types.js";

interface Stream {
  epoch: string;
  publications: (Publication & { readonly offset: number })[];
  /** How much of the history is gone. */
  forgotten: number;
}

interface Subscriber {
  readonly options: SubscribeOptions;
  readonly listener: SubscriptionListener;
  position: Position | undefined;
}

/** A line and its server in memory: streams with history, cuts, restarts, lost histories, refusals. */
export class MemoryLine implements Line {
  readonly clients = new Map<string, ClientInfo[]>();
  /** How often a connection was opened, and how often a channel was subscribed to. */
  connections = 0;
  subscriptions = 0;
  /** The positions of all publications, in the order in which the server made them. */
  readonly served: ChannelPosition[] = [];
  /** What the server answers to a call. */
  answer = (_channel: string, data: unknown): unknown => data;
  readonly #state = new Cell<LineState>({ status: "idle" });
  readonly watch = this.#state.subscribe;
  readonly #streams = new Map<string, Stream>();
  readonly #subscribers = new Map<string, Subscriber>();
  #generation = 1;

  get state(): LineState {
    return this.#state.get();
  }

  open(): void {
    if (this.state.status === "connecting" || this.state.status === "open") return;
    this.#state.set({ status: "connecting" });
    queueMicrotask(() => this.state.status === "connecting" && this.#connected());
  }

  close(): void {
    this.#state.set({ status: "idle" });
  }

  subscribe(channel: string, options: SubscribeOptions, listener: SubscriptionListener): Subscription {
    if (this.#subscribers.has(channel)) throw new Error(`${channel} is subscribed to already`);
    const subscriber: Subscriber = { options, listener, position: options.since };
    this.#subscribers.set(channel, subscriber);
    if (this.state.status === "open") queueMicrotask(() => this.#start(channel, subscriber));
    return { end: () => void this.#subscribers.delete(channel) };
  }

  async publish(channel: string, data: unknown): Promise<void> {
    this.serve(channel, data);
  }

  async call(channel: string, data: unknown): Promise<unknown> {
    return this.answer(channel, data);
  }

  async history(channel: string, { limit, since }: HistoryOptions): Promise<History> {
    const all = this.#stream(channel).publications.filter(({ offset }) => offset > (since?.offset ?? 0));
    return { publications: all.slice(0, limit), position: this.position(channel) };
  }

  async presence(channel: string): Promise<readonly ClientInfo[]> {
    return [...(this.clients.get(channel) ?? [])];
  }

  /** The server publishes. */
  serve(channel: string, data: unknown): void {
    const stream = this.#stream(channel);
    stream.publications.push({ data, offset: stream.publications.length + 1 });
    this.served.push(this.position(channel));
    if (this.state.status === "open") this.#flow(channel);
  }

  position(channel: string): ChannelPosition {
    const { epoch, publications } = this.#stream(channel);
    return { channel, epoch, offset: publications.length };
  }

  joins(channel: string, info: ClientInfo): void {
    this.clients.set(channel, [...(this.clients.get(channel) ?? []), info]);
    this.#joinLeave(channel)?.onJoin(info);
  }

  leaves(channel: string, info: ClientInfo): void {
    const rest = (this.clients.get(channel) ?? []).filter(({ client }) => client !== info.client);
    this.clients.set(channel, rest);
    this.#joinLeave(channel)?.onLeave(info);
  }

  /** The network fails until `restore`. */
  cut(): void {
    this.#state.set({ status: "connecting", code: 1, reason: "transport closed", since: Date.now() });
    for (const { listener } of this.#subscribers.values()) listener.onInterrupted();
  }

  restore(): void {
    this.#connected();
  }

  /** The history no longer has what was published until now. */
  forget(channel: string): void {
    const stream = this.#stream(channel);
    stream.forgotten = stream.publications.length;
  }

  /** The server lost its memory: every channel begins again. */
  restart(): void {
    this.#generation += 1;
    this.#streams.clear();
  }

  /** The server ends the connection for good. */
  refuse(code: number, reason: string): void {
    for (const { listener } of this.#subscribers.values()) listener.onInterrupted();
    this.#state.set({ status: "closed", code, reason });
  }

  /** The server ends one subscription for good. */
  expel(channel: string, code: number, reason: string): void {
    this.#subscribers.get(channel)?.listener.onUnsubscribed(code, reason);
  }

  #connected(): void {
    this.connections += 1;
    this.#state.set({ status: "open" });
    for (const [channel, subscriber] of this.#subscribers) this.#start(channel, subscriber);
  }

  #start(channel: string, subscriber: Subscriber): void {
    if (this.#subscribers.get(channel) !== subscriber) return;
    this.subscriptions += 1;
    const top = this.position(channel);
    const wanted = subscriber.position;
    const lost = wanted !== undefined && !this.#canRecover(channel, wanted);
    subscriber.position = wanted && !lost ? wanted : top;
    subscriber.listener.onSubscribed({ position: subscriber.position, lost });
    this.#flow(channel);
  }

  #canRecover(channel: string, { epoch, offset }: Position): boolean {
    const stream = this.#stream(channel);
    return stream.epoch === epoch && offset >= stream.forgotten && offset <= stream.publications.length;
  }

  #flow(channel: string): void {
    const subscriber = this.#subscribers.get(channel);
    const { epoch, publications } = this.#stream(channel);
    if (subscriber?.position?.epoch !== epoch) return;
    for (const publication of publications.slice(subscriber.position.offset)) {
      subscriber.position = { epoch, offset: publication.offset };
      subscriber.listener.onPublication(publication);
    }
  }

  #joinLeave(channel: string): SubscriptionListener | undefined {
    const subscriber = this.state.status === "open" ? this.#subscribers.get(channel) : undefined;
    return subscriber?.options.joinLeave ? subscriber.listener : undefined;
  }

  #stream(channel: string): Stream {
    const stream = this.#streams.get(channel) ?? {
      epoch: `epoch${this.#generation}`,
      publications: [],
      forgotten: 0,
    };
    this.#streams.set(channel, stream);
    return stream;
  }
}
