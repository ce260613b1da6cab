import { expect, test } from "vitest";
import { socketAddress } from "./address.js";

test.each([
  ["/echo", "http://localhost:8080/rooms/1", "ws://localhost:8080/echo"],
  ["/echo?x=1", "https://chat.example/rooms/1", "wss://chat.example/echo?x=1"],
  ["https://other.example/echo", "https://chat.example/", "wss://other.example/echo"],
  ["ws://other.example/", "http://chat.example/", "ws://other.example/"],
  ["ws://localhost:9000/", "https://chat.example/", "ws://localhost:9000/"],
  ["ws://[::1]/", "https://chat.example/", "ws://[::1]/"],
])("%s on %s is %s", (url, page, address) => {
  expect(socketAddress(url, page)).toBe(address);
});

test("a socket that the browser would refuse says what to write instead", () => {
  expect(() => socketAddress("ws://other.example/", "https://chat.example/")).toThrow(
    "A page that came by https cannot open ws://other.example/: write wss:// or, for its own server, just the path.",
  );
});
