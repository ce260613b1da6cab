import { createContext, useContext } from "react";
import type { Line } from "./line/line.js";
import { GRACE } from "./live/channel.js";
import { Channels } from "./live/channels.js";
import { Overlays } from "./live/overlays.js";
import { Reloads } from "./live/reloads.js";
import { Requests } from "./live/requests.js";
import { Views } from "./live/views.js";

/** Everything live that a browser tab has, outside React. */
export class Tab {
  readonly line: Line;
  /** Where the application is mounted, such as `/shop`; empty at the root. */
  readonly root: string;
  readonly channels: Channels;
  readonly reloads = new Reloads();
  readonly requests = new Requests();
  readonly overlays = new Overlays(this.requests);
  readonly views: Views;
  #user: string | null | undefined;

  constructor(line: Line, root = "") {
    this.line = line;
    this.root = root;
    this.channels = new Channels(line);
    // The page cannot stay true without its channel; the loader knows what the user is to see instead.
    this.views = new Views(this.channels, (routeId) => this.reloads.once(routeId));
    line.watch(() => line.state.status === "closed" && this.reloads.all());
  }

  /**
   * Takes note of whom the page is for (a mark; null: nobody in particular). The server knows a line by the cookie
   * that it was opened with, so one that was opened for somebody else is opened again.
   */
  isFor(user: string | null | undefined): void {
    if (user === undefined || user === this.#user) return;
    const isAnother = this.#user !== undefined;
    this.#user = user;
    if (!isAnother) return;
    this.line.close();
    // Most often another page comes now, and its channels open the line; what is left of this one must not.
    setTimeout(() => this.channels.reopen(), GRACE);
  }
}

export const TabContext = createContext<Tab | null>(null);

/** The tab around a component; null during server rendering and outside of a hydrated page. */
export function useTab(): Tab | null {
  return useContext(TabContext);
}
