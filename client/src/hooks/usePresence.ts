import { useLoaderData } from "react-router";
import { useTab } from "../tab.js";
import type { LiveRoute } from "../types.js";
import { type PresenceHook, useMembers } from "./useMembers.js";
import { useRouteId } from "./useRouteId.js";

/** Who is in the channel of the live route around this component, or in the channel of the given name. */
export function usePresence<L extends LiveRoute>(): PresenceHook;
export function usePresence(channel: string): PresenceHook;
export function usePresence(channel?: string): PresenceHook {
  const tab = useTab();
  const data: unknown = useLoaderData();
  const routeId = useRouteId();
  return useMembers(channel ?? tab?.views.of(data, routeId)?.positions[0]?.channel);
}
