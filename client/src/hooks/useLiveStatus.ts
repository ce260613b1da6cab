import { useCallback } from "react";
import { useLoaderData } from "react-router";
import { useTab } from "../tab.js";
import type { LiveStatus } from "../types.js";
import { useConnection } from "./useConnection.js";
import { useRouteId } from "./useRouteId.js";
import { useStore } from "./useStore.js";

const CURRENT: LiveStatus = { isStale: false };

/**
 * Whether the live data of the route around this component may be older than what the server has: its line is
 * interrupted, or its loader could not run. It becomes true again by itself; this is for what a page says meanwhile.
 */
export function useLiveStatus(): LiveStatus {
  const tab = useTab();
  const view = tab?.views.of(useLoaderData<unknown>(), useRouteId());
  const routeId = view?.routeId;
  const known = useCallback(
    () => (routeId === undefined ? undefined : tab?.reloads.failureOf(routeId)),
    [tab, routeId],
  );
  const failed = useStore(tab?.reloads.subscribe, known, nothing);
  const line = useConnection();
  if (failed) return { isStale: true, since: failed.since, error: failed.failure };
  const isInterrupted = line.code !== undefined && line.status !== "open" && (view?.positions.length ?? 0) > 0;
  if (!isInterrupted) return CURRENT;
  return line.since === undefined ? { isStale: true } : { isStale: true, since: line.since };
}

function nothing(): undefined {}
