/** The line alone, for applications with a router of their own. Nothing here needs Offhook's pages. */
export { codes } from "./codes.js";
export { type ChannelHook, type UseChannelOptions, useChannel } from "./hooks/useChannel.js";
export { useConnection } from "./hooks/useConnection.js";
export { useLiveData } from "./hooks/useLiveData.js";
export { type PresenceHook, useMembers as usePresence } from "./hooks/useMembers.js";
export { LineProvider, type LineProviderProps } from "./LineProvider.js";
export { upsert } from "./live/upsert.js";
export type {
  ChannelPosition,
  ChannelState,
  ClientInfo,
  History,
  HistoryOptions,
  LineState,
  Member,
  Position,
  Publication,
  Recovery,
} from "./types.js";
