import { useEffect, useState } from "react";
import type { Feed } from "../live/fold.js";
import { NO_OVERLAYS } from "../live/overlays.js";
import { Screen } from "../live/screen.js";
import type { View } from "../live/views.js";
import { type Tab, useTab } from "../tab.js";
import type { ChannelPosition } from "../types.js";
import { useStore } from "./useStore.js";

const NOTHING: readonly Feed[] = [];
const nothing = () => NOTHING;

/**
 * Data of any loader, kept true by a channel: `position` is where the channel stood when the loader began.
 *
 * Each publication is folded into the data by the reducer, which must be idempotent (see `upsert`). Where that is
 * not possible any more the page's data is loaded again, as `LineProvider` was told to.
 *
 * @param data what the loader returned: the same object until it has run again.
 */
export function useLiveData<Data extends object, Published = unknown>(
  data: Data,
  position: ChannelPosition,
  reducer: (data: Data, publication: Published) => Data,
): Data {
  const tab = useTab();
  const view = tab ? viewOf(tab, data, position) : undefined;
  const feeds = useStore(view?.subscribe, view?.feeds, nothing);
  const [screen] = useState(() => new Screen<Data>());
  const shown = view
    ? screen.show({ view, base: data, feeds, overlays: NO_OVERLAYS, reducer: reducer as Reduce<Data> })
    : { data, behind: false };
  const { behind } = shown;
  useEffect(() => {
    return behind && view ? tab?.reloads.want(view.routeId, "lost") : undefined;
  }, [tab, view, behind]);
  return shown.data;
}

type Reduce<Data> = (data: Data, publication: unknown) => Data;

function viewOf(tab: Tab, data: object, position: ChannelPosition): View | undefined {
  const { channel } = position;
  if (!tab.views.of(data)) tab.views.receive({ [channel]: data }, { [channel]: [position] });
  return tab.views.of(data);
}
