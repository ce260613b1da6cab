import { useCallback } from "react";
import { useTab } from "../tab.js";
import type { Member } from "../types.js";
import { useStore } from "./useStore.js";

const NOBODY: readonly Member[] = [];
const nobody = () => NOBODY;
const never = () => () => {};

export interface PresenceHook {
  /** Who is in the channel; empty until the server has answered. */
  readonly members: readonly Member[];
}

/** Who is in the channel of the given name. */
export function useMembers(channel: string | undefined): PresenceHook {
  const tab = useTab();
  const subscribe = useCallback(
    (onChange: () => void) =>
      tab && channel !== undefined ? tab.channels.get(channel).presence.subscribe(onChange) : never(),
    [tab, channel],
  );
  const current = useCallback(
    () => (channel === undefined ? NOBODY : (tab?.channels.known(channel)?.presence.members ?? NOBODY)),
    [tab, channel],
  );
  return { members: useStore(subscribe, current, nobody) };
}
