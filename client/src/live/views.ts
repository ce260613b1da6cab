import { Subscribable } from "../subscribable.js";
import type { ChannelPosition } from "../types.js";
import type { Channel, Consumer } from "./channel.js";
import type { Channels } from "./channels.js";
import type { Feed } from "./fold.js";

const NO_FEED: Feed = { log: null, flowing: false };

/** One answer of one route's loader, with the channels that keep it true, if it has any. */
export class View extends Subscribable {
  readonly routeId: string;
  readonly positions: readonly ChannelPosition[];
  /** When it was asked for (see `Requests`); 0 for what came with the document. */
  readonly asked: number;
  readonly #channels: Channels;
  readonly #onUnsubscribed: () => void;
  #feeds: readonly Feed[] = [];
  #detach: (() => void)[] = [];

  constructor(
    routeId: string,
    positions: readonly ChannelPosition[],
    asked: number,
    channels: Channels,
    onUnsubscribed: () => void,
  ) {
    super();
    this.routeId = routeId;
    this.positions = positions;
    this.asked = asked;
    this.#channels = channels;
    this.#onUnsubscribed = onUnsubscribed;
  }

  /** What its channels have to say, also before it takes part in them; the same array until one changes. */
  readonly feeds = (): readonly Feed[] => {
    const feeds = this.positions.map(({ channel }) => this.#channels.known(channel)?.feed ?? NO_FEED);
    if (feeds.length !== this.#feeds.length || feeds.some((feed, i) => feed !== this.#feeds[i]))
      this.#feeds = feeds;
    return this.#feeds;
  };

  protected override onFirst(): void {
    this.#detach = this.positions.map((position) => this.#attach(this.#channels.get(position.channel), position));
  }

  protected override onLast(): void {
    for (const detach of this.#detach.splice(0)) detach();
  }

  #attach(channel: Channel, since: ChannelPosition): () => void {
    const consumer: Consumer = {
      since,
      onChange: () => this.notify(),
      onUnsubscribed: () => this.#onUnsubscribed(),
    };
    return channel.attach(consumer);
  }
}

/** Which view belongs to which loader data; an object knows for itself where it stands in its channels. */
export class Views {
  readonly #views = new WeakMap<object, View>();
  /** The newest data of each route that is no object or list. */
  readonly #plain = new Map<string, { readonly data: unknown; readonly view: View }>();
  readonly #channels: Channels;
  readonly #onUnsubscribed: (routeId: string) => void;

  constructor(channels: Channels, onUnsubscribed: (routeId: string) => void) {
    this.#channels = channels;
    this.#onUnsubscribed = onUnsubscribed;
  }

  /** @param routeId whose data it is: a number, a text or null does not say that by itself. */
  of(data: unknown, routeId?: string): View | undefined {
    if (isObject(data)) return this.#views.get(data);
    const newest = routeId === undefined ? undefined : this.#plain.get(routeId);
    return newest && Object.is(newest.data, data) ? newest.view : undefined;
  }

  /** Takes note of loader data, and of the positions that came with it. */
  receive(loaderData: Readonly<Record<string, unknown>>, live: LivePositions = {}, asked = 0): void {
    for (const [routeId, data] of Object.entries(loaderData)) {
      this.#note(data, this.#view(routeId, live[routeId] ?? [], asked));
    }
  }

  /**
   * Takes note of data that the browser has made of an answer: publications after that answer are missing in it too.
   * Data that was made of none has no channels to follow. What is known already is not asked again where it stands.
   */
  derive(routeId: string, data: unknown, answer: unknown): void {
    if (this.of(data, routeId)) return;
    const { positions = [], asked = 0 } = this.of(answer, routeId) ?? {};
    this.#note(data, this.#view(routeId, positions, asked));
  }

  #note(data: unknown, view: View): void {
    if (isObject(data)) this.#views.set(data, view);
    else this.#plain.set(view.routeId, { data, view });
  }

  #view(routeId: string, positions: readonly ChannelPosition[], asked: number): View {
    return new View(routeId, positions, asked, this.#channels, () => this.#onUnsubscribed(routeId));
  }
}

/** Positions of live routes, by route id, as pages and data answers carry them. */
export type LivePositions = Readonly<Record<string, readonly ChannelPosition[]>>;

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
