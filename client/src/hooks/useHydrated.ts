import { useSyncExternalStore } from "react";

/**
 * Whether the page is alive: false on the server and in the first rendering in the browser, which has to equal the
 * server's; true from then on. What only the browser has (its language, its storage) is for then.
 */
export function useHydrated(): boolean {
  return useSyncExternalStore(neverChanges, isTrue, isFalse);
}

const neverChanges = () => () => {};
const isTrue = () => true;
const isFalse = () => false;
