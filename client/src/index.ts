export * from "react-router";
export { codes } from "./codes.js";
export type { RemoteError } from "./errors.js";
export { Links, Meta, Scripts } from "./frameworkTags.js";
export { type ChannelHook, type UseChannelOptions, useChannel } from "./hooks/useChannel.js";
export { useConnection } from "./hooks/useConnection.js";
export { type UseLiveOptions, useLive } from "./hooks/useLive.js";
export { type LiveActionHook, type LiveSubmitOptions, useLiveAction } from "./hooks/useLiveAction.js";
export { useLiveStatus } from "./hooks/useLiveStatus.js";
export { usePresence } from "./hooks/usePresence.js";
export { type UseWebSocketOptions, useWebSocket, type WebSocketHook } from "./hooks/useWebSocket.js";
export { href } from "./href.js";
export { Link, NavLink, PrefetchPageLinks } from "./links.js";
export { upsert } from "./live/upsert.js";
export { useNonce } from "./nonce.js";
export type { ClientAction, ClientActionArgs, ClientLoader, ClientLoaderArgs } from "./routes.js";
export type {
  ChannelPosition,
  ChannelState,
  ClientInfo,
  Duration,
  Failure,
  History,
  HistoryOptions,
  LineState,
  LiveRoute,
  LiveStatus,
  Member,
  Paths,
  Position,
  Publication,
  Recovery,
  Reducer,
} from "./types.js";
