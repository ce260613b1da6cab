import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { LineProvider, useChannel, useConnection, useLiveData } from "./standalone.js";

test("on a server there is no line: what the loader returned is rendered", () => {
  const data = { text: "loaded" };
  function Page() {
    const { text } = useLiveData(data, { channel: "a", offset: 1, epoch: "e" }, (data) => data);
    return <p>{`${text} ${useConnection().status} ${useChannel("a").status}`}</p>;
  }
  const html = renderToString(
    <LineProvider>
      <Page />
    </LineProvider>,
  );
  expect(html).toBe("<p>loaded idle subscribing</p>");
});
