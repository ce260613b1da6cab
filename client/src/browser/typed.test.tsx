// @vitest-environment jsdom
import { useState } from "react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Browser } from "../testing/Browser.js";
import { PythonApp } from "../testing/PythonApp.js";

let word: string;
let browser: Browser;

/** A controlled and an uncontrolled control of each kind, and a text that may differ from the server's. */
function Page() {
  const [text, setText] = useState("");
  const [isTicked, tick] = useState(false);
  const [choice, choose] = useState("a");
  return (
    <html lang="en">
      <head>
        <title>Form</title>
      </head>
      <body>
        <h1>{word}</h1>
        <input name="free" />
        <input name="free" />
        <textarea name="area" defaultValue="Dear" />
        <input name="text" value={text} onChange={(event) => setText(event.target.value)} />
        <input name="box" type="checkbox" defaultChecked />
        <input name="tick" type="checkbox" checked={isTicked} onChange={(event) => tick(event.target.checked)} />
        <select name="choice" value={choice} onChange={(event) => choose(event.target.value)}>
          <option>a</option>
          <option>b</option>
        </select>
        <output>{JSON.stringify([text, isTicked, choice])}</output>
      </body>
    </html>
  );
}

beforeEach(() => {
  Browser.setUp();
  addEventListener("error", ignore); // React reports what differs
  word = "Home";
  const entries = [{ id: "page", path: "/", loader: false, action: false, view: { default: Page } }];
  browser = new Browser(new PythonApp(entries, {}));
  browser.receive("/");
});
afterEach(async () => {
  await browser.tearDown();
  removeEventListener("error", ignore);
});

function ignore(): void {}

function control<Kind extends HTMLElement = HTMLInputElement>(name: string, place = 0): Kind {
  return document.querySelectorAll<Kind>(`[name=${name}]`)[place] as Kind;
}

function enterEverything(): void {
  control("free", 1).value = "second";
  control<HTMLTextAreaElement>("area").value = "Dear all";
  control("text").value = "typed";
  control("box").checked = false;
  control("tick").checked = true;
  control<HTMLSelectElement>("choice").value = "b";
}

function everything() {
  return [
    control("free").value,
    control("free", 1).value,
    control<HTMLTextAreaElement>("area").value,
    control("text").value,
    control("box").checked,
    control("tick").checked,
    control<HTMLSelectElement>("choice").value,
    browser.text("output"),
  ];
}

test.each(["Home", "Accueil"])(
  "what is entered early stays, and states know it, where the browser says %s",
  async (said) => {
    enterEverything();
    word = said;
    await browser.hydrate();
    await browser.pass();
    expect(browser.text("h1")).toBe(said);
    expect(everything()).toEqual(["", "second", "Dear all", "typed", false, true, "b", '["typed",true,"b"]']);
  },
);

test("what was not touched is not announced", async () => {
  await browser.hydrate();
  await browser.pass();
  expect(everything()).toEqual(["", "", "Dear", "", true, false, "a", '["",false,"a"]']);
});

test("what is typed while the page is rendered anew is not lost, nor the place of the caret", async () => {
  word = "Accueil";
  control("text").focus();
  const hydrated = browser.hydrate();
  control("text").value = "half a w";
  control("text").dispatchEvent(new Event("input", { bubbles: true }));
  await hydrated;
  await browser.pass();
  expect([control("text").value, browser.text("output")]).toEqual(["half a w", '["half a w",false,"a"]']);
  expect(document.activeElement).toBe(control("text"));
});
