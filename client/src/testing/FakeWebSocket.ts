import { vi } from "vitest";

/** The browser's end of a WebSocket, with the test as the network and the server. */
export class FakeWebSocket {
  static readonly opened: FakeWebSocket[] = [];

  /** Puts this class in the place of the global one. */
  static install(): void {
    FakeWebSocket.opened.length = 0;
    vi.stubGlobal("WebSocket", FakeWebSocket);
  }

  static get last(): FakeWebSocket {
    const last = FakeWebSocket.opened.at(-1);
    if (!last) throw new Error("no WebSocket was opened");
    return last;
  }

  readonly sent: unknown[] = [];
  closedWith: readonly [number | undefined, string | undefined] | null = null;
  binaryType = "blob";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocols: string | readonly string[] = [],
  ) {
    FakeWebSocket.opened.push(this);
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(code?: number, reason?: string): void {
    this.closedWith = [code, reason];
  }

  accept(): void {
    this.onopen?.();
  }

  receive(data: unknown): void {
    this.onmessage?.({ data });
  }

  /** The connection ends, by the server or the network. */
  end(code = 1006, reason = ""): void {
    this.onclose?.({ code, reason });
  }
}
