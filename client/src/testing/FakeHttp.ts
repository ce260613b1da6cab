import { vi } from "vitest";

export interface FakeRequest {
  readonly url: string;
  readonly body: string;
  /** The server writes to the answer, which goes on. */
  readonly write: (text: string) => void;
  /** The answer ends. */
  readonly end: () => void;
}

/** The browser's `fetch`, with the test as the server: an answer goes on for as long as the test likes. */
export class FakeHttp {
  readonly requests: FakeRequest[] = [];
  /** Nothing reaches a server. */
  isBroken = false;

  /** Puts its `fetch` in the place of the global one. */
  install(): void {
    vi.stubGlobal("fetch", this.#fetch);
  }

  get last(): FakeRequest {
    const last = this.requests.at(-1);
    if (!last) throw new Error("nothing was asked for");
    return last;
  }

  readonly #fetch = async (url: string, { body }: { body: string }): Promise<Response> => {
    if (this.isBroken) throw new TypeError("Failed to fetch");
    const { readable, writable } = new TransformStream<Uint8Array>();
    const writer = writable.getWriter();
    const write = (text: string) => void writer.write(new TextEncoder().encode(text));
    this.requests.push({ url, body, write, end: () => void writer.close() });
    return new Response(readable);
  };
}

/** The browser's `EventSource`, with the test as the server. */
export class FakeEventSource {
  static readonly opened: FakeEventSource[] = [];

  /** Puts this class in the place of the global one. */
  static install(): void {
    FakeEventSource.opened.length = 0;
    vi.stubGlobal("EventSource", FakeEventSource);
  }

  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(readonly url: string) {
    FakeEventSource.opened.push(this);
  }

  close(): void {}
}
