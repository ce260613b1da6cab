import type { Line } from "../line/line.js";
import { Channel, type ChannelHome } from "./channel.js";

/** The channels of a tab. The line is open as long as there is one. */
export class Channels implements ChannelHome {
  readonly line: Line;
  readonly #channels = new Map<string, Channel>();
  #order = 0;

  constructor(line: Line) {
    this.line = line;
  }

  /** The channel, if somebody needs it already. */
  known(name: string): Channel | undefined {
    return this.#channels.get(name);
  }

  get(name: string): Channel {
    const channel = this.#channels.get(name) ?? new Channel(name, this);
    this.#channels.set(name, channel);
    return channel;
  }

  /** Keeps everything that arrives until the returned function is called: a data request is on its way. */
  pin(): () => void {
    const releases = [...this.#channels.values()].map((channel) => channel.pin());
    return () => {
      for (const release of releases) release();
    };
  }

  /** Tries again what the server has refused or ended: the user may have signed in since. */
  retry(): void {
    if (this.#channels.size > 0) this.line.open();
    for (const channel of this.#channels.values()) channel.retry();
  }

  /** Opens the line again if somebody looks at a channel. */
  reopen(): void {
    if ([...this.#channels.values()].some((channel) => channel.isNeeded)) this.retry();
  }

  nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }

  onIdle(channel: Channel): void {
    this.#channels.delete(channel.name);
    if (this.#channels.size === 0) this.line.close();
  }
}
