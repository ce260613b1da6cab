import type { Line, Subscription, SubscriptionListener, SubscriptionStart } from "../line/line.js";
import { guarded } from "../subscribable.js";
import type { ChannelState, ClientInfo, Position, Publication } from "../types.js";
import type { Feed } from "./fold.js";
import { append, begin, type Entry, type Log, top, trim } from "./log.js";
import { Presence } from "./presence.js";

/** Entries that a log keeps, and that it keeps at most while a data request is on its way. */
const LIMIT = 512;
const LIMIT_IN_FLIGHT = 8192;

/** Milliseconds for which a channel that nobody looks at stays, because React or the user may be back at once. */
export const GRACE = 1000;

/** Somebody who needs a channel. What it does not implement it does not hear of. */
export interface Consumer {
  /** Where its data stands; publications after this are what it needs. */
  readonly since?: Position | undefined;
  readonly joinLeave?: boolean;
  /** The feed or the state changed. */
  onChange?(): void;
  /** A publication that is new to the channel. */
  onPublication?(publication: Publication): void;
  /** Publications are missing and will not come any more. */
  onLost?(): void;
  onSubscribed?(): void;
  onJoin?(info: ClientInfo): void;
  onLeave?(info: ClientInfo): void;
  /** The server refused or ended the subscription. */
  onUnsubscribed?(): void;
}

/** What a channel needs of the tab it lives in. */
export interface ChannelHome {
  readonly line: Line;
  /** The next number in the tab's order of arrival. */
  nextOrder(): number;
  /** The channel is left for good. */
  onIdle(channel: Channel): void;
}

const SUBSCRIBING: ChannelState = { status: "subscribing" };
const SUBSCRIBED: ChannelState = { status: "subscribed" };

/** The one place in a tab that receives a channel: it owns the only subscription, and the log of what came. */
export class Channel implements SubscriptionListener {
  readonly name: string;
  readonly presence: Presence;
  state: ChannelState = SUBSCRIBING;
  feed: Feed = { log: null, flowing: false };

  readonly #home: ChannelHome;
  readonly #consumers = new Set<Consumer>();
  readonly #pins = new Set<{ readonly floor: number }>();
  #subscription: Subscription | null = null;
  #joinLeave = false;
  #settling = false;
  #grace: ReturnType<typeof setTimeout> | undefined;

  constructor(name: string, home: ChannelHome) {
    this.name = name;
    this.#home = home;
    this.presence = new Presence(this, () => home.line.presence(name));
  }

  /** Whether somebody looks at it, or it only stays for a while. */
  get isNeeded(): boolean {
    return this.#consumers.size > 0;
  }

  attach(consumer: Consumer): () => void {
    this.#consumers.add(consumer);
    this.#settle();
    return () => {
      if (this.#consumers.delete(consumer)) this.#settle();
    };
  }

  /** Keeps what comes from now on until the returned function is called: a data request is on its way. */
  pin(): () => void {
    const pin = { floor: this.feed.log ? top(this.feed.log) : 0 };
    this.#pins.add(pin);
    return () => void this.#pins.delete(pin);
  }

  /** Subscribes once more after the server has refused or ended the subscription. */
  retry(): void {
    if (this.state.status !== "unsubscribed") return;
    this.#end();
    this.#settle();
  }

  onSubscribed({ position, lost }: SubscriptionStart): void {
    const { log } = this.feed;
    const goesOn = log !== null && !lost && log.epoch === position?.epoch;
    this.#become(SUBSCRIBED, { log: goesOn ? log : position ? begin(position) : null, flowing: true });
    if (lost) this.#tell((consumer) => consumer.onLost?.());
    this.#tell((consumer) => consumer.onSubscribed?.());
  }

  onPublication(publication: Publication): void {
    const { log } = this.feed;
    if (log && publication.offset) {
      const entry = { ...publication, offset: publication.offset, order: this.#home.nextOrder() };
      if (!this.#append(log, entry)) return;
    }
    this.#tell((consumer) => consumer.onPublication?.(publication));
  }

  onJoin(info: ClientInfo): void {
    this.#tell((consumer) => consumer.onJoin?.(info));
  }

  onLeave(info: ClientInfo): void {
    this.#tell((consumer) => consumer.onLeave?.(info));
  }

  onInterrupted(): void {
    this.#become(SUBSCRIBING, { ...this.feed, flowing: false });
  }

  onUnsubscribed(code: number, reason: string): void {
    this.#become({ status: "unsubscribed", code, reason }, { ...this.feed, flowing: false });
    this.#tell((consumer) => consumer.onUnsubscribed?.());
  }

  #append(log: Log, entry: Entry): boolean {
    const grown = append(log, entry);
    if (grown === log) return false;
    const limit = grown.entries.length > LIMIT_IN_FLIGHT ? LIMIT_IN_FLIGHT : LIMIT;
    const floor = limit === LIMIT ? Math.min(...[...this.#pins].map((pin) => pin.floor)) : undefined;
    this.#become(this.state, { ...this.feed, log: trim(grown, limit, floor) });
    if (grown.start > log.start) this.#tell((consumer) => consumer.onLost?.());
    return true;
  }

  #become(state: ChannelState, feed: Feed): void {
    this.state = state;
    this.feed = feed;
    this.#tell((consumer) => consumer.onChange?.());
  }

  #tell(tell: (consumer: Consumer) => void): void {
    for (const consumer of [...this.#consumers]) guarded(tell, consumer);
  }

  // After the current task, so that all consumers of one commit are known, and StrictMode's double mount is one.
  #settle(): void {
    if (this.#settling) return;
    this.#settling = true;
    queueMicrotask(() => {
      this.#settling = false;
      if (this.#consumers.size > 0) this.#open();
      else this.#grace ??= setTimeout(() => this.#leave(), GRACE);
    });
  }

  #open(): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    const joinLeave = [...this.#consumers].some((consumer) => consumer.joinLeave);
    if (this.#subscription && (this.#joinLeave || !joinLeave)) return;
    const since = this.#resume() ?? oldest([...this.#consumers]);
    this.#end();
    this.#joinLeave = joinLeave;
    if (!this.feed.log && since) this.feed = { log: begin(since), flowing: false };
    this.#become(SUBSCRIBING, this.feed);
    this.#home.line.open();
    this.#subscription = this.#home.line.subscribe(this.name, { since, joinLeave }, this);
  }

  #resume(): Position | undefined {
    const { log } = this.feed;
    return log ? { epoch: log.epoch, offset: top(log) } : undefined;
  }

  #end(): void {
    this.#subscription?.end();
    this.#subscription = null;
  }

  #leave(): void {
    this.#grace = undefined;
    if (this.#consumers.size > 0) return;
    this.#end();
    this.feed = { log: null, flowing: false };
    this.#home.onIdle(this);
  }
}

/** The position from which every consumer gets what it needs; of two epochs the one that came last. */
function oldest(consumers: readonly Consumer[]): Position | undefined {
  const positions = consumers.flatMap(({ since }) => since ?? []);
  const epoch = positions.at(-1)?.epoch;
  return positions
    .filter((position) => position.epoch === epoch)
    .reduce<Position | undefined>((low, next) => (low && low.offset <= next.offset ? low : next), undefined);
}
