import { codes } from "../codes.js";
import { Subscribable } from "../subscribable.js";
import type { ClientInfo, Member } from "../types.js";
import type { Consumer } from "./channel.js";

/** Clients by id, in the order in which they came to be known. */
export type Clients = ReadonlyMap<string, ClientInfo>;

export function joined(clients: Clients, info: ClientInfo): Clients {
  return new Map(clients).set(info.client, info);
}

export function left(clients: Clients, info: ClientInfo): Clients {
  const rest = new Map(clients);
  rest.delete(info.client);
  return rest;
}

/** The clients that the server named; those known before keep their place. */
export function replaced(clients: Clients, now: readonly ClientInfo[]): Clients {
  const named = new Map(now.map((info) => [info.client, info]));
  const kept = [...clients.keys()].flatMap((id) => named.get(id) ?? []);
  return new Map([...kept, ...now].map((info) => [info.client, info]));
}

/** One member for each user. */
export function members(clients: Clients): readonly Member[] {
  const users = new Map<string, Member>();
  for (const { user, connInfo, chanInfo } of clients.values()) {
    const known = users.get(user);
    users.set(user, { user, info: known?.info ?? connInfo ?? chanInfo, clients: (known?.clients ?? 0) + 1 });
  }
  return [...users.values()];
}

/** Milliseconds until a question that failed is repeated; at most, and at the first time. */
const LONGEST = 30_000;
const FIRST = 1000;

/**
 * Who is in a channel: asked for once it flows, kept by joins and leaves, asked for again after an interruption.
 * Joins and leaves that get lost are sent later by the server, so that members become what the server says.
 */
export class Presence extends Subscribable implements Consumer {
  readonly joinLeave = true;
  members: readonly Member[] = [];

  readonly #channel: { attach(consumer: Consumer): () => void; readonly feed: { readonly flowing: boolean } };
  readonly #ask: () => Promise<readonly ClientInfo[]>;
  #clients: Clients = new Map();
  /** Joins and leaves since the question was sent; the answer may be older than they are. */
  #meanwhile: ((clients: Clients) => Clients)[] = [];
  #question = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #detach: (() => void) | undefined;

  constructor(
    channel: { attach(consumer: Consumer): () => void; readonly feed: { readonly flowing: boolean } },
    ask: () => Promise<readonly ClientInfo[]>,
  ) {
    super();
    this.#channel = channel;
    this.#ask = ask;
  }

  onSubscribed(): void {
    this.#know(FIRST);
  }

  /** Ask who is there; after an error again, at a random moment before *pause* milliseconds are over. */
  #know(pause: number): void {
    clearTimeout(this.#retry);
    const question = ++this.#question;
    this.#meanwhile = [];
    this.#ask().then(
      (now) => question === this.#question && this.#become(this.#settled(now)),
      (error: unknown) => question === this.#question && this.#later(pause, error),
    );
  }

  #later(pause: number, error: unknown): void {
    if (refuses(error)) {
      console.error("Offhook: presence is not known.", error);
      return;
    }
    const next = Math.min(2 * pause, LONGEST);
    this.#retry = setTimeout(
      () => this.#channel.feed.flowing && this.#know(next),
      pause * (0.5 + Math.random() / 2),
    );
  }

  onJoin(info: ClientInfo): void {
    this.#change((clients) => joined(clients, info));
  }

  onLeave(info: ClientInfo): void {
    this.#change((clients) => left(clients, info));
  }

  protected override onFirst(): void {
    this.#detach = this.#channel.attach(this);
    if (this.#channel.feed.flowing) this.onSubscribed();
  }

  protected override onLast(): void {
    this.#detach?.();
    this.#question += 1;
    clearTimeout(this.#retry);
  }

  #settled(now: readonly ClientInfo[]): Clients {
    return this.#meanwhile.reduce((clients, change) => change(clients), replaced(this.#clients, now));
  }

  #change(change: (clients: Clients) => Clients): void {
    this.#meanwhile.push(change);
    this.#become(change(this.#clients));
  }

  #become(clients: Clients): void {
    this.#clients = clients;
    this.members = members(clients);
    this.notify();
  }
}

/** Whether the server answered that the client may not know, or that the channel has no presence (103, 108). */
function refuses(error: unknown): boolean {
  const code = (error as { readonly code?: unknown }).code;
  return code === codes.PERMISSION_DENIED || code === codes.NOT_AVAILABLE;
}
