import { useEffect, useEffectEvent, useMemo } from "react";
import { milliseconds } from "../duration.js";
import { Socket, type SocketData, type SocketMessage, type SocketState } from "../socket.js";
import { useTab } from "../tab.js";
import type { Duration } from "../types.js";
import { useStore } from "./useStore.js";

export interface UseWebSocketOptions {
  /** Called for every message. `lastMessage` skips those that come faster than React renders. */
  readonly onMessage?: (message: SocketMessage) => void;
  readonly protocols?: string | readonly string[];
  /** How many messages wait while there is no connection (64), and for how long (`"30s"`). */
  readonly queue?: number;
  readonly deadline?: Duration;
  /** Called for what waited in vain: too long, or the socket has ended. */
  readonly onUnsent?: (data: SocketData) => void;
}

export interface WebSocketHook extends SocketState {
  /** Sends now, or as soon as the socket is open; false when it is closed or too much is waiting. */
  readonly send: (data: SocketData) => boolean;
  /** Ends the socket for good. */
  readonly close: (code?: number, reason?: string) => void;
}

const IDLE: SocketState = { status: "idle", lastMessage: null };
const CONNECTING: SocketState = { status: "connecting", lastMessage: null };
const idle = () => IDLE;
const connecting = () => CONNECTING;

/**
 * A WebSocket of the component's own, to a route's `socket` or to any other server; none while the URL is null. A
 * path follows the page (`wss` where the page is `https`); a lost connection comes back by itself.
 */
export function useWebSocket(
  url: string | null,
  { onMessage, onUnsent, protocols = [], queue = 64, deadline = "30s" }: UseWebSocketOptions = {},
): WebSocketHook {
  const deliver = useEffectEvent((message: SocketMessage) => onMessage?.(message));
  const giveBack = useEffectEvent((data: SocketData) => onUnsent?.(data));
  const wanted = [protocols].flat().join(",");
  const root = useTab()?.root ?? "";
  const socket = useMemo(() => {
    if (url === null) return null;
    const protocols = wanted === "" ? [] : wanted.split(",");
    return new Socket(isPath(url) ? root + url : url, {
      protocols,
      onMessage: (message) => deliver(message),
      onUnsent: (data) => giveBack(data),
      queue,
      deadline: milliseconds(deadline),
    });
  }, [url, root, wanted, queue, deadline]);
  useEffect(() => socket?.hold(), [socket]);
  const first = url === null ? idle : connecting;
  const state = useStore(socket?.subscribe, socket?.state ?? idle, first);
  const actions = useMemo(() => socketActions(socket), [socket]);
  return useMemo(() => ({ ...state, ...actions }), [state, actions]);
}

function isPath(url: string): boolean {
  return url.startsWith("/") && !url.startsWith("//");
}

function socketActions(socket: Socket | null): Pick<WebSocketHook, "send" | "close"> {
  return {
    send: (data) => socket?.send(data) ?? false,
    close: (code, reason) => socket?.close(code, reason),
  };
}
