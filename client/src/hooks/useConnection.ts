import { useCallback } from "react";
import { useTab } from "../tab.js";
import type { LineState } from "../types.js";
import { useStore } from "./useStore.js";

const IDLE: LineState = { status: "idle" };
const idle = () => IDLE;

/** The state of the tab's line. It opens no line: that is what live data, channels and presence do. */
export function useConnection(): LineState {
  const line = useTab()?.line;
  const current = useCallback(() => line?.state ?? IDLE, [line]);
  return useStore(line?.watch, current, idle);
}
