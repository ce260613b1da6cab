import { Cell } from "../subscribable.js";
import type { ClientInfo, History, HistoryOptions, LineState } from "../types.js";
import type { Line, SubscribeOptions, Subscription, SubscriptionListener } from "./line.js";

const SHORTEST = 500;
const LONGEST = 20_000;
const IDLE: LineState = { status: "idle" };

/** A line whose code is loaded when it is needed first. What is asked of it before waits, and is not lost. */
export class LazyLine implements Line {
  readonly #load: () => Promise<Line>;
  readonly #state = new Cell<LineState>(IDLE);
  readonly watch = this.#state.subscribe;
  readonly #waiting = new Set<(line: Line) => void>();
  #line: Line | null = null;
  #loading: Promise<Line> | undefined;
  #isWanted = false;

  constructor(load: () => Promise<Line>) {
    this.#load = load;
  }

  get state(): LineState {
    return this.#state.get();
  }

  open(): void {
    this.#isWanted = true;
    if (!this.#line && this.state.status === "idle") this.#state.set({ status: "connecting" });
    if (this.#line) this.#line.open();
    else void this.prepare();
  }

  close(): void {
    this.#isWanted = false;
    if (this.#line) this.#line.close();
    else this.#state.set(IDLE);
  }

  subscribe(channel: string, options: SubscribeOptions, listener: SubscriptionListener): Subscription {
    if (this.#line) return this.#line.subscribe(channel, options, listener);
    let subscription: Subscription | undefined;
    const start = (line: Line) => {
      subscription = line.subscribe(channel, options, listener);
    };
    this.#waiting.add(start);
    return {
      end: () => {
        this.#waiting.delete(start);
        subscription?.end();
      },
    };
  }

  async publish(channel: string, data: unknown): Promise<void> {
    await (await this.prepare()).publish(channel, data);
  }

  async call(channel: string, data: unknown): Promise<unknown> {
    return (await this.prepare()).call(channel, data);
  }

  async history(channel: string, options: HistoryOptions): Promise<History> {
    return (await this.prepare()).history(channel, options);
  }

  async presence(channel: string): Promise<readonly ClientInfo[]> {
    return (await this.prepare()).presence(channel);
  }

  /** Loads the code, so that a line which is going to be opened opens sooner. */
  prepare(): Promise<Line> {
    this.#loading ??= this.#loaded();
    return this.#loading;
  }

  async #loaded(): Promise<Line> {
    for (let attempts = 0; ; attempts += 1) {
      try {
        const line = await this.#load();
        this.#take(line);
        return line;
      } catch {
        const longest = Math.min(LONGEST, SHORTEST * 2 ** attempts);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
      }
    }
  }

  #take(line: Line): void {
    this.#line = line;
    line.watch(() => this.#state.set(line.state));
    if (this.#isWanted) line.open();
    for (const start of this.#waiting) start(line);
    this.#waiting.clear();
  }
}
