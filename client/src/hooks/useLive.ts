import { useEffect, useState } from "react";
import { useLoaderData } from "react-router";
import { milliseconds } from "../duration.js";
import type { Feed } from "../live/fold.js";
import { NO_OVERLAYS, type Overlay } from "../live/overlays.js";
import { poll } from "../live/polling.js";
import { Screen, type Shown } from "../live/screen.js";
import type { View } from "../live/views.js";
import { type Tab, useTab } from "../tab.js";
import type { Duration, LiveRoute, Reducer } from "../types.js";
import { useOverlays, usePlace } from "./useOverlays.js";
import { useRouteId } from "./useRouteId.js";
import { useStore } from "./useStore.js";

export interface UseLiveOptions {
  /** Where the route has no channel: run its loader again at this distance, while the page can be seen. */
  readonly every: Duration;
}

const NOTHING: readonly Feed[] = [];
const nothing = () => NOTHING;

/**
 * The data of the route around this component, kept true by the route's channels, or by asking again.
 *
 * With a reducer each publication is folded into the data; without one the route's loader runs again. The reducer
 * must be idempotent (see `upsert`).
 */
export function useLive<L extends LiveRoute>(reducer?: Reducer<L>): L["data"];
export function useLive<L extends Pick<LiveRoute, "data">>(options: UseLiveOptions): L["data"];
export function useLive<L extends LiveRoute>(how?: Reducer<L> | UseLiveOptions): L["data"] {
  const reducer = typeof how === "function" ? how : undefined;
  const every = typeof how === "object" ? how.every : undefined;
  const base = useLoaderData<unknown>() as L["data"];
  const tab = useTab();
  const routeId = useRouteId();
  const view = tab?.views.of(base, routeId);
  // Until the page is hydrated nothing is folded in: the first render must equal the server's.
  const feeds = useStore(view?.subscribe, view?.feeds, nothing);
  const place = usePlace(view);
  const overlays = useOverlays(place);
  const [screen] = useState(() => new Screen<L["data"]>());
  const shown = view ? screen.show({ view, base, feeds, overlays, reducer }) : unchanged(base);
  useReload(tab, view, shown.behind, reducer ? "lost" : "published");
  useRelease(tab, place, shown.contained);
  usePolling(tab, view, every);
  useWarning(tab, view, every);
  return shown.data;
}

function unchanged<Data>(data: Data): Shown<Data> {
  return { data, behind: false, contained: NO_OVERLAYS };
}

// A new view that is behind again is a new wish.
function useReload(tab: Tab | null, view: View | undefined, behind: boolean, cause: "lost" | "published"): void {
  useEffect(() => {
    return behind && view ? tab?.reloads.want(view.routeId, cause) : undefined;
  }, [tab, view, behind, cause]);
}

function useRelease(tab: Tab | null, place: string | undefined, contained: readonly Overlay[]): void {
  useEffect(() => {
    if (place !== undefined && contained.length > 0) tab?.overlays.release(place, contained);
  }, [tab, place, contained]);
}

function usePolling(tab: Tab | null, view: View | undefined, every: Duration | undefined): void {
  const routeId = view?.positions.length === 0 ? view.routeId : undefined;
  useEffect(() => {
    if (!tab || routeId === undefined || every === undefined) return;
    return poll(() => tab.reloads.once(routeId), milliseconds(every));
  }, [tab, routeId, every]);
}

const warned = new Set<string>();

function useWarning(tab: Tab | null, view: View | undefined, every: Duration | undefined): void {
  useEffect(() => {
    const isFollowing = !tab || every !== undefined || (view && view.positions.length > 0);
    const route = view ? `route "${view.routeId}"` : "a route without data";
    if (process.env.NODE_ENV === "production" || isFollowing || warned.has(route)) return;
    warned.add(route);
    console.warn(
      `Offhook: useLive has no channel to follow on ${route}. Put @live(…) on the route's loader, or let it be asked ` +
        'again with useLive({ every: "30s" }). A channel of the user\'s own is there only for those who signed in. ' +
        "What a clientLoader returns follows the channels when it has waited for serverLoader() to make it.",
    );
  }, [tab, view, every]);
}
