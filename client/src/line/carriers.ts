import type { TransportEndpoint } from "centrifuge";
import type { Transport } from "../types.js";

/** Of how many reconnects one tries a WebSocket again, at the least, however often that has failed. */
const SELDOM = 8;

/**
 * How many attempts in a row have to fail before HTTP is tried where a WebSocket has worked: about two minutes. What
 * fails for shorter is most often a deploy, after which WebSockets work as before.
 */
const PATIENCE = 10;

/**
 * What carries the next attempt: a WebSocket; where that does not open, HTTP; where that does not either, events.
 *
 * The official client keeps what has opened once. A WebSocket that fails for a moment (a deploy, a change of networks)
 * would leave a page on HTTP until it is loaded again. Here a line that was open over HTTP tries the WebSocket first
 * when it has to reconnect; where that goes on failing, at every second, fourth and then eighth time.
 */
export class Carriers {
  readonly #endpoints: readonly TransportEndpoint[];
  #current = 0;
  /** How often in a row a WebSocket has not opened, and how many reconnects go by before the next one is tried. */
  #failures = 0;
  #skips = 0;
  #patience = 1;

  /** @param endpoints the first one is the WebSocket's. */
  constructor(endpoints: readonly TransportEndpoint[]) {
    this.#endpoints = endpoints;
  }

  /** As the client takes them. It reads one for each attempt, whichever; that is the current one then. */
  get forClient(): TransportEndpoint[] {
    return this.#endpoints.map((first) => new Current(() => this.#endpoints[this.#current] ?? first));
  }

  /** An attempt has come to an end without a connection. */
  failed(): void {
    if (this.#current === 0) {
      this.#failures += 1;
      if (this.#failures < this.#patience) return;
      this.#skips = Math.min(SELDOM, 2 ** (this.#failures - this.#patience)) - 1;
    }
    this.#current = (this.#current + 1) % this.#endpoints.length;
  }

  opened(transport: Transport): void {
    if (transport !== "websocket") return;
    this.#failures = 0;
    this.#patience = PATIENCE;
  }

  /** A connection that was open has ended. */
  lost(): void {
    if (this.#skips > 0) this.#skips -= 1;
    else this.#current = 0;
  }
}

class Current implements TransportEndpoint {
  readonly #get: () => TransportEndpoint;

  constructor(get: () => TransportEndpoint) {
    this.#get = get;
  }

  get transport() {
    return this.#get().transport;
  }

  get endpoint() {
    return this.#get().endpoint;
  }
}
