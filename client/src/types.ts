/** Where a reader stands in a channel's stream. */
export interface Position {
  readonly offset: number;
  readonly epoch: string;
}

/** Where a route's data stands in one of its channels, and what is known of that channel's publications. */
export interface ChannelPosition extends Position {
  readonly channel: string;
  /** The name of the channel's class; it tells the publications of a route's channels apart. */
  readonly of?: string;
  /** The route declares several channels: its reducer is told which one a publication comes from. */
  readonly tagged?: boolean;
  /** The field by which a publication's rows are told apart, and the one that grows when a row is edited. */
  readonly key?: string;
  readonly version?: string;
}

/** One client of a channel, as presence and publications name it. */
export interface ClientInfo {
  readonly user: string;
  readonly client: string;
  readonly connInfo?: unknown;
  readonly chanInfo?: unknown;
}

export interface Publication<Data = unknown> {
  readonly data: Data;
  /** Absent where the channel keeps no history. */
  readonly offset?: number;
  /** Who published it, when that was a client. */
  readonly info?: ClientInfo;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface History<Data = unknown> {
  readonly publications: readonly Publication<Data>[];
  readonly position: Position;
}

export interface HistoryOptions {
  readonly limit?: number;
  readonly since?: Position;
  readonly reverse?: boolean;
}

/** One user in a channel; several tabs of a user are one member with several clients. */
export interface Member {
  readonly user: string;
  readonly info: unknown;
  readonly clients: number;
}

/** What the generated `Route.Live` of a live route looks like. Of several channels it is a union by `channel`. */
export interface LiveRoute {
  readonly id: string;
  readonly data: unknown;
  readonly publication: unknown;
  readonly params: object;
}

/**
 * Folds one publication into a route's data. It must be idempotent: a publication that the loader has seen already
 * may come once more.
 */
export type Reducer<L extends LiveRoute> = (data: L["data"], publication: L["publication"]) => L["data"];

/** A length of time, as Python writes them too. */
export type Duration = `${number}${"ms" | "s" | "m" | "h"}`;

/** How the line came back after a loss. */
export interface Recovery {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** Whether something could not be recovered, so that loaders had to run. */
  readonly lost: boolean;
}

/** Why a loader did not run: the status of the answer, 0 where there was none, and what came with it. */
export interface Failure {
  readonly status: number;
  readonly data: unknown;
}

/** Whether a route's live data is true at this moment, as far as the browser can know. */
export interface LiveStatus {
  /** Whether the data may be older than what the server has. */
  readonly isStale: boolean;
  /** Since when, in milliseconds since 1970. */
  readonly since?: number;
  /** Why the route's loader could not run; absent while only the line is interrupted. It is tried again. */
  readonly error?: Failure;
}

/** What carries a line: a WebSocket, or HTTP where something between browser and server stops those. */
export type Transport = "websocket" | "http_stream" | "sse";

/**
 * The state of a tab's line. `connecting` with a `code` is a line that was lost, or an attempt that has failed; `closed`
 * means that the server ended it for good.
 */
export interface LineState {
  readonly status: "idle" | "connecting" | "open" | "closed";
  /** What carries it while it is open. */
  readonly transport?: Transport;
  /** Milliseconds that a question and its answer took when the connection was made. */
  readonly latency?: number;
  /** The last recovery; absent until there was one. */
  readonly recovered?: Recovery;
  /** Why it is not open, and since when, in milliseconds since 1970. */
  readonly code?: number;
  readonly reason?: string;
  readonly since?: number;
}

/** The state of a channel in this tab: `unsubscribed` means that the server refused or ended it. */
export interface ChannelState {
  readonly status: "subscribing" | "subscribed" | "unsubscribed";
  readonly code?: number;
  readonly reason?: string;
}

/**
 * The addresses of the application's routes, each with its parameters. `offhook typegen` fills it; as long as nothing
 * is in it, every address is accepted.
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications add to it
export interface Paths {}
