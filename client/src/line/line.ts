import type { ClientInfo, History, HistoryOptions, LineState, Position, Publication } from "../types.js";

/**
 * A tab's end of the connection to the server. Hooks and stores see this interface alone, so that a tab which
 * borrows another tab's connection is a second implementation.
 *
 * Whoever implements it calls its listeners in the order in which things happened on the server, and survives
 * exceptions that they throw.
 */
export interface Line {
  readonly state: LineState;
  /** Calls `listener` after each change of `state`, until the returned function is called. */
  readonly watch: (listener: () => void) => () => void;
  /** Connects, and keeps connected until `close`. Does nothing while it is connecting or open. */
  open(): void;
  close(): void;
  /** Starts to receive a channel; there is at most one subscription for a channel at a time. */
  subscribe(channel: string, options: SubscribeOptions, listener: SubscriptionListener): Subscription;
  publish(channel: string, data: unknown): Promise<void>;
  /** Calls the channel, whose answer it is; rejects when the server refuses, or does not answer in time. */
  call(channel: string, data: unknown): Promise<unknown>;
  history(channel: string, options: HistoryOptions): Promise<History>;
  presence(channel: string): Promise<readonly ClientInfo[]>;
}

export interface SubscribeOptions {
  /** Publications after this position come first. Without it the channel starts now. */
  readonly since: Position | undefined;
  readonly joinLeave: boolean;
}

export interface Subscription {
  /** Ends it; the listener hears nothing any more. */
  end(): void;
}

export interface SubscriptionListener {
  /** The channel flows, for the first time or again after an interruption. */
  onSubscribed(start: SubscriptionStart): void;
  onPublication(publication: Publication): void;
  onJoin(info: ClientInfo): void;
  onLeave(info: ClientInfo): void;
  /** The channel does not flow for a while; the line is at work on it. */
  onInterrupted(): void;
  /** The server refused or ended the subscription. */
  onUnsubscribed(code: number, reason: string): void;
}

export interface SubscriptionStart {
  /** Where the stream goes on from; absent where the channel keeps no history. */
  readonly position: Position | undefined;
  /** Publications were asked for that the server no longer has. */
  readonly lost: boolean;
}
