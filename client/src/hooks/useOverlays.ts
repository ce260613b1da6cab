import { useCallback, useSyncExternalStore } from "react";
import { useResolvedPath } from "react-router";
import { NO_OVERLAYS, type Overlay } from "../live/overlays.js";
import type { View } from "../live/views.js";
import { useTab } from "../tab.js";

const none = () => NO_OVERLAYS;
const never = () => () => {};

/** Where optimistic changes of the route around this component belong: its data at another address is other data. */
export function usePlace(view: View | undefined): string | undefined {
  const { pathname } = useResolvedPath("");
  return view && `${view.routeId} ${pathname}`;
}

/** The optimistic changes to be shown over the data of a place. */
export function useOverlays(place: string | undefined): readonly Overlay[] {
  const overlays = useTab()?.overlays;
  const subscribe = useCallback(
    (onChange: () => void) => (overlays && place !== undefined ? overlays.follow(place, onChange) : never()),
    [overlays, place],
  );
  const current = useCallback(
    () => (overlays && place !== undefined ? overlays.of(place) : NO_OVERLAYS),
    [overlays, place],
  );
  // What one does oneself is shown at once, also while other parts of the page are not hydrated yet.
  return useSyncExternalStore(subscribe, current, none);
}
