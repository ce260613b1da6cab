// React Router's stable names, but for those of deferred data, which a loader in Python does not send.
export type * from "react-router";
export {
  BrowserRouter,
  createBrowserRouter,
  createContext,
  createCookie,
  createCookieSessionStorage,
  createHashRouter,
  createMemoryRouter,
  createMemorySessionStorage,
  createPath,
  createRequestHandler,
  createRoutesFromChildren,
  createRoutesFromElements,
  createRoutesStub,
  createSearchParams,
  createSession,
  createSessionStorage,
  createStaticHandler,
  createStaticRouter,
  data,
  Form,
  generatePath,
  HashRouter,
  IDLE_BLOCKER,
  IDLE_FETCHER,
  IDLE_NAVIGATION,
  isCookie,
  isRouteErrorResponse,
  isSession,
  MemoryRouter,
  matchPath,
  matchRoutes,
  Navigate,
  NavigationType,
  Outlet,
  parsePath,
  Route,
  Router,
  RouterContextProvider,
  RouterProvider,
  Routes,
  redirect,
  redirectDocument,
  renderMatches,
  replace,
  resolvePath,
  ScrollRestoration,
  ServerRouter,
  StaticRouter,
  StaticRouterProvider,
  useActionData,
  useBeforeUnload,
  useBlocker,
  useFetcher,
  useFetchers,
  useFormAction,
  useHref,
  useInRouterContext,
  useLinkClickHandler,
  useLoaderData,
  useLocation,
  useMatch,
  useMatches,
  useNavigate,
  useNavigation,
  useNavigationType,
  useOutlet,
  useOutletContext,
  useParams,
  useResolvedPath,
  useRevalidator,
  useRouteError,
  useRouteLoaderData,
  useRoutes,
  useSearchParams,
  useSubmit,
  useViewTransitionState,
} from "react-router";
export { codes } from "./codes.js";
export type { RemoteError } from "./errors.js";
export { Links, Meta, Scripts } from "./frameworkTags.js";
export { type ChannelHook, type UseChannelOptions, useChannel } from "./hooks/useChannel.js";
export { useConnection } from "./hooks/useConnection.js";
export { useHydrated } from "./hooks/useHydrated.js";
export { type UseLiveOptions, useLive } from "./hooks/useLive.js";
export { type LiveActionHook, type LiveSubmitOptions, useLiveAction } from "./hooks/useLiveAction.js";
export { useLiveStatus } from "./hooks/useLiveStatus.js";
export { usePresence } from "./hooks/usePresence.js";
export { type UseWebSocketOptions, useWebSocket, type WebSocketHook } from "./hooks/useWebSocket.js";
export { href } from "./href.js";
export { LocalTime, type LocalTimeProps } from "./LocalTime.js";
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
