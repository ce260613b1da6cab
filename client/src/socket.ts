import { socketAddress } from "./line/address.js";
import { Cell, guarded } from "./subscribable.js";
import { onWake } from "./wake.js";

export type SocketMessage = string | ArrayBuffer;

/** What can be sent. */
export type SocketData = string | ArrayBuffer | Blob;

export interface SocketState {
  /**
   * `idle`: there is no URL; `closed`: for good, by the server or by `close`. A lost connection is `connecting`
   * again.
   */
  readonly status: "idle" | "connecting" | "open" | "closed";
  readonly lastMessage: SocketMessage | null;
  /** How the last connection ended. */
  readonly code?: number;
  readonly reason?: string;
}

export interface SocketOptions {
  readonly protocols: readonly string[];
  /** Every message, also those that come faster than React renders. */
  readonly onMessage: (message: SocketMessage) => void;
  /** What was taken by `send` and will not be sent: it waited too long, or the socket ended. */
  readonly onUnsent: (data: SocketData) => void;
  /** How much may wait for a connection, and for how many milliseconds. */
  readonly queue: number;
  readonly deadline: number;
}

interface Waiting {
  readonly data: SocketData;
  readonly until: number;
}

const SHORTEST = 500;
const LONGEST = 20_000;

/** A raw WebSocket that comes back after a loss, and keeps what is sent meanwhile. */
export class Socket {
  readonly #url: string;
  readonly #options: SocketOptions;
  readonly #state = new Cell<SocketState>({ status: "connecting", lastMessage: null });
  readonly subscribe = this.#state.subscribe;
  readonly state = this.#state.get;
  #socket: WebSocket | null = null;
  #queue: Waiting[] = [];
  #attempts = 0;
  #holders = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #expiry: ReturnType<typeof setTimeout> | undefined;
  #sleep: (() => void) | undefined;

  constructor(url: string, options: SocketOptions) {
    this.#url = url;
    this.#options = options;
  }

  /** Open from now until the returned function is called. */
  hold(): () => void {
    this.#holders += 1;
    this.#sleep ??= onWake(() => this.#hurry());
    this.#open();
    return () => {
      this.#holders -= 1;
      // StrictMode mounts again in the same task, and shall find the same connection.
      queueMicrotask(() => this.#holders === 0 && this.#stop(1000, ""));
    };
  }

  /** Ends it for good. */
  close(code = 1000, reason = ""): void {
    this.#stop(code, reason);
    this.#become({ status: "closed", code, reason });
  }

  /** Sends now or as soon as it is open; false when it is closed or too much is waiting. */
  send(data: SocketData): boolean {
    if (this.state().status === "open" && this.#socket) this.#socket.send(data);
    else if (this.state().status === "closed" || this.#queue.length >= this.#options.queue) return false;
    else this.#keep(data);
    return true;
  }

  #keep(data: SocketData): void {
    this.#queue.push({ data, until: performance.now() + this.#options.deadline });
    this.#expiry ??= setTimeout(() => this.#expire(), this.#options.deadline);
  }

  // All wait equally long, so the oldest is always the first whose time is over.
  #expire(): void {
    const late = this.#queue.filter(({ until }) => until <= performance.now());
    this.#queue = this.#queue.slice(late.length);
    const next = this.#queue[0]?.until;
    this.#expiry = next === undefined ? undefined : setTimeout(() => this.#expire(), next - performance.now());
    for (const { data } of late) guarded(this.#options.onUnsent, data);
  }

  #open(): void {
    if (this.#socket) return;
    const socket = new WebSocket(socketAddress(this.#url), [...this.#options.protocols]);
    socket.binaryType = "arraybuffer";
    // What a replaced socket still has to say concerns nobody.
    const current = (handle: () => void) => () => this.#socket === socket && handle();
    socket.onopen = current(() => this.#opened(socket));
    socket.onmessage = (event) => current(() => this.#received(event.data))();
    socket.onclose = (event) => current(() => this.#lost(event))();
    this.#socket = socket;
    this.#become({ status: "connecting" });
  }

  #opened(socket: WebSocket): void {
    this.#attempts = 0;
    this.#become({ status: "open" });
    for (const { data } of this.#emptied()) socket.send(data);
  }

  #received(message: SocketMessage): void {
    this.#become({ lastMessage: message });
    guarded(this.#options.onMessage, message);
  }

  #lost({ code, reason }: CloseEvent): void {
    this.#socket = null;
    const status = isFinal(code) ? "closed" : "connecting";
    this.#become({ status, code, reason });
    if (status === "closed") this.#giveUp();
    else this.#reopen(Math.min(LONGEST, SHORTEST * 2 ** this.#attempts++));
  }

  #reopen(longest: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), Math.random() * longest);
  }

  /** The page is looked at again, or the network is back: a waiting attempt need not wait as long. */
  #hurry(): void {
    if (this.#socket || this.state().status !== "connecting") return;
    this.#attempts = 0;
    this.#reopen(SHORTEST);
  }

  #stop(code: number, reason: string): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#giveUp();
    socket?.close(code, reason);
  }

  #giveUp(): void {
    clearTimeout(this.#timer);
    this.#sleep?.();
    this.#sleep = undefined;
    for (const { data } of this.#emptied()) guarded(this.#options.onUnsent, data);
  }

  #emptied(): Waiting[] {
    clearTimeout(this.#expiry);
    this.#expiry = undefined;
    return this.#queue.splice(0);
  }

  #become(change: Partial<SocketState>): void {
    this.#state.set({ ...this.state(), ...change });
  }
}

/** Whether the code a server closed with says that coming back is pointless (RFC 6455 §7.4, protocol §8.5). */
export function isFinal(code: number): boolean {
  const finished = code === 1000 || code === 1005;
  const refused = [1002, 1003, 1007, 1008, 1009, 1010].includes(code);
  return finished || refused || (code >= 3500 && code < 4000) || code >= 4500;
}
