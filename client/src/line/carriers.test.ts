import { expect, test } from "vitest";
import { Carriers } from "./carriers.js";

const ENDPOINTS = (["websocket", "http_stream", "sse"] as const).map((transport) => ({
  transport,
  endpoint: transport,
}));

/** Which transports carry the attempts of a page: W, H or S, in lower case where the attempt does not open. */
function play(works: string, reconnects: number): string {
  const carriers = new Carriers(ENDPOINTS);
  const [client] = carriers.forClient;
  let tried = "";
  for (let opened = 0; opened <= reconnects; ) {
    const transport = client?.transport ?? "";
    const letter = transport.charAt(0).toUpperCase();
    if (works.includes(letter)) {
      tried += letter;
      carriers.opened(transport as "websocket");
      carriers.lost();
      opened += 1;
    } else {
      tried += letter.toLowerCase();
      carriers.failed();
    }
  }
  return tried;
}

test.each([
  ["W", 3, "WWWW"],
  ["WH", 3, "WWWW"],
  // Where no WebSocket ever opens, fewer and fewer reconnects wait for one: each, each 2nd, 4th, 8th.
  ["H", 16, "wHwHHwHHHHwHHHHHHHHwHH"],
  ["S", 2, "whSwhSS"],
])("where %s gets through", (works, reconnects, tried) => {
  expect(play(works, reconnects)).toBe(tried);
});
