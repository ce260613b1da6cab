import { useCallback, useEffect, useEffectEvent, useMemo, useRef } from "react";
import { observe } from "../live/observer.js";
import { type Tab, useTab } from "../tab.js";
import type { ChannelState, History, HistoryOptions, Position, Publication } from "../types.js";
import { useStore } from "./useStore.js";

export interface UseChannelOptions<Data> {
  /** Called once for each publication, in order. */
  readonly onPublication?: (publication: Publication<Data>) => void;
  /** Called when publications were missed that the server no longer has: take a new snapshot. */
  readonly onLost?: () => void;
  /** Also hear of what was published after this position. It is read when the hook subscribes. */
  readonly since?: Position;
}

export interface ChannelHook<Data> extends ChannelState, ChannelActions<Data> {}

interface ChannelActions<Data> {
  /** Publishes to the channel, if its rule lets clients publish. */
  readonly publish: (data: unknown) => Promise<void>;
  /** Calls the channel's `on_call`; its answer. */
  readonly call: <Result = unknown>(data: unknown) => Promise<Result>;
  readonly history: (options?: HistoryOptions) => Promise<History<Data>>;
}

const SUBSCRIBING: ChannelState = { status: "subscribing" };
const subscribing = () => SUBSCRIBING;
const never = () => () => {};

/** Subscribes to a channel by its name, for as long as the component is mounted. */
export function useChannel<Data = unknown>(
  channel: string,
  options: UseChannelOptions<Data> = {},
): ChannelHook<Data> {
  const tab = useTab();
  const state = useChannelState(tab, channel);
  useObserver(tab, channel, options);
  const actions = useMemo(() => channelActions<Data>(tab, channel), [tab, channel]);
  return useMemo(() => ({ ...state, ...actions }), [state, actions]);
}

function useChannelState(tab: Tab | null, name: string): ChannelState {
  const subscribe = useCallback(
    (onChange: () => void) => tab?.channels.get(name).attach({ onChange }) ?? never(),
    [tab, name],
  );
  const current = useCallback(() => tab?.channels.known(name)?.state ?? SUBSCRIBING, [tab, name]);
  return useStore(subscribe, current, subscribing);
}

function useObserver<Data>(tab: Tab | null, channel: string, options: UseChannelOptions<Data>): void {
  const reached = useRef<{ readonly channel: string; readonly position: Position | undefined }>(null);
  const deliver = useEffectEvent((publication: Publication, position: Position | undefined) => {
    reached.current = { channel, position };
    options.onPublication?.(publication as Publication<Data>);
  });
  const lost = useEffectEvent(() => options.onLost?.());
  // An effect that runs a second time (StrictMode, a hidden page shown again) goes on where the first one stopped.
  const start = useEffectEvent(() =>
    reached.current?.channel === channel ? reached.current.position : options.since,
  );
  useEffect(() => {
    if (!tab) return;
    return observe(tab.channels.get(channel), {
      since: start(),
      onPublication: (publication, position) => deliver(publication, position),
      onLost: () => lost(),
    });
  }, [tab, channel]);
}

function channelActions<Data>(tab: Tab | null, channel: string): ChannelActions<Data> {
  return {
    publish: async (data) => lineOf(tab).publish(channel, data),
    call: async <Result>(data: unknown) => (await lineOf(tab).call(channel, data)) as Result,
    history: async (options = {}) => (await lineOf(tab).history(channel, options)) as History<Data>,
  };
}

function lineOf(tab: Tab | null): Tab["line"] {
  if (!tab)
    throw new Error("A channel can be used in the browser only: call this in an effect or an event handler.");
  return tab.line;
}
