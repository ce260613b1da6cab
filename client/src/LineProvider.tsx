import { type ReactNode, useEffect, useEffectEvent, useState } from "react";
import { socketAddress } from "./line/address.js";
import { LazyLine } from "./line/lazy.js";
import type { Line } from "./line/line.js";
import type { RouterPort } from "./live/reloads.js";
import { Tab, TabContext } from "./tab.js";

export interface LineProviderProps {
  /** Where the line is, relative to the page; `/connection/websocket` unless told otherwise. */
  readonly url?: string;
  /** Whom the page is for, `null` for nobody in particular. When it changes the line is opened again. */
  readonly user?: string | null;
  /** Loads the page's data again: `useRevalidator().revalidate` in React Router. */
  readonly reload?: () => Promise<void> | void;
  readonly children?: ReactNode;
}

/** Gives the components below it a line, in an application that is not made of Offhook's pages. */
export function LineProvider({ url = "/connection/websocket", ...rest }: LineProviderProps) {
  return <TabProvider open={() => lazyLine(url)} {...rest} />;
}

interface TabProviderProps extends Omit<LineProviderProps, "url"> {
  /** The line; asked for once, in the browser only. */
  readonly open: () => Line;
}

export function TabProvider({ open, user, reload, children }: TabProviderProps) {
  const [tab] = useState(() => (typeof document === "undefined" ? null : new Tab(open())));
  const run = useEffectEvent(async () => reload?.());
  useEffect(() => tab?.reloads.connect(portOf(() => run())), [tab]);
  useEffect(() => tab?.isFor(user), [tab, user]);
  return <TabContext value={tab}>{children}</TabContext>;
}

function lazyLine(url: string): LazyLine {
  return new LazyLine(async () => {
    const { CentrifugeLine } = await import("./line/centrifuge.js");
    return new CentrifugeLine(socketAddress(url));
  });
}

/** A router of which nothing is known but how to run its loaders: it is taken to be always ready for that. */
function portOf(revalidate: () => Promise<void>): RouterPort {
  const state = { navigation: { state: "idle" }, revalidation: "idle", fetchers: new Map(), loaderData: {} };
  return { state, subscribe: () => () => {}, revalidate };
}
