import { startTransition, useEffect, useState, useSyncExternalStore } from "react";

const never = () => () => {};

/**
 * `useSyncExternalStore` that goes on showing what the server has rendered until all below the component is hydrated.
 * A change before that would make React throw away the server's rendering of every part that is not hydrated yet (a
 * Suspense boundary whose code is still on its way); a transition waits for those parts.
 */
export function useStore<Value>(
  subscribe: ((onChange: () => void) => () => void) | undefined,
  current: (() => Value) | undefined,
  rendered: () => Value,
): Value {
  const isHydrated = useIsHydrated();
  return useSyncExternalStore(subscribe ?? never, (isHydrated && current) || rendered, rendered);
}

function useIsHydrated(): boolean {
  let isHydrating = false;
  // React asks for the server's snapshot exactly when a rendering has to equal the server's.
  useSyncExternalStore(never, nothing, () => {
    isHydrating = true;
  });
  const [isHydrated, setHydrated] = useState(!isHydrating);
  useEffect(() => startTransition(() => setHydrated(true)), []);
  return isHydrated;
}

function nothing(): void {}
