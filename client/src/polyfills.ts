// What React and React Router ask of a browser or Node, and bare V8 lacks. It has to be imported first.
import "core-js/web/url";

class Utf8Encoder {
  readonly encoding = "utf-8";

  encode(text = ""): Uint8Array {
    const escaped = encodeURIComponent(text.toWellFormed());
    const bytes = escaped.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
  }

  encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
    let [read, written] = [0, 0];
    for (const character of text) {
      const bytes = this.encode(character);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      read += character.length;
      written += bytes.length;
    }
    return { read, written };
  }
}

type Receiver = ((event: { data: unknown }) => void) | null;

class Port {
  onmessage: Receiver = null;
  peer: Port | null = null;

  postMessage(data: unknown): void {
    void Promise.resolve().then(() => this.peer?.onmessage?.({ data }));
  }
}

class Channel {
  readonly port1 = new Port();
  readonly port2 = new Port();

  constructor() {
    this.port1.peer = this.port2;
    this.port2.peer = this.port1;
  }
}

const globals: Record<string, unknown> = globalThis as never;
globals.TextEncoder ??= Utf8Encoder;
globals.MessageChannel ??= Channel;
