import { act } from "react";
import type { Root } from "react-dom/client";
import { vi } from "vitest";
import { type OpenPage, type Surroundings, start } from "../browser/start.js";
import type { PythonApp } from "./PythonApp.js";

/** A tab that shows an application, in jsdom and virtual time. Call `setUp` before and `tearDown` after each test. */
export class Browser {
  readonly left: string[] = [];
  readonly complaints: unknown[][] = [];
  /** The line tells which build the server runs. */
  hearBuild: (build: unknown) => void = () => {};
  readonly #app: PythonApp;
  #root: Root | null = null;
  /** Runs all loaders again, as after an edit. */
  reload: () => void = () => {};

  constructor(app: PythonApp) {
    this.#app = app;
  }

  static setUp(): void {
    vi.useFakeTimers();
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    vi.stubGlobal("scrollTo", () => {});
  }

  async tearDown(): Promise<void> {
    await act(async () => this.#root?.unmount());
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  }

  /** The document arrives; nothing has run in it yet. */
  receive(url: string, form?: URLSearchParams): void {
    vi.stubGlobal("fetch", this.#app.fetch);
    for (const level of ["error", "warn"] as const) {
      vi.spyOn(console, level).mockImplementation((...words) => void this.complaints.push(words));
    }
    history.replaceState(null, "", url);
    const parsed = new DOMParser().parseFromString(this.#app.document(url, form), "text/html");
    document.replaceChild(document.adoptNode(parsed.documentElement), document.documentElement);
  }

  /** The document's script runs. */
  async hydrate(entries = this.#app.entries): Promise<OpenPage> {
    const connect: Surroundings["connect"] = (_, onBuild) => {
      this.hearBuild = onBuild;
      return this.#app.line;
    };
    const surroundings = { connect, leave: (href: string) => void this.left.push(href) };
    return act(async () => {
      const page = await start(entries, surroundings);
      this.#root = page.root;
      this.reload = page.reload;
      return page;
    });
  }

  async open(url: string): Promise<void> {
    this.receive(url);
    await this.hydrate();
    await this.pass();
  }

  /** Something happens, and time passes until nothing is left to do at once. */
  async after(happens: () => unknown, milliseconds = 1): Promise<void> {
    await act(async () => {
      await happens();
      await vi.advanceTimersByTimeAsync(0);
    });
    await this.pass(milliseconds);
  }

  /** Time passes, with React at work in between as it is in a real tab. */
  async pass(milliseconds = 1): Promise<void> {
    for (let left = milliseconds; left > 0; left -= 100) {
      await act(() => vi.advanceTimersByTimeAsync(Math.min(left, 100)));
    }
  }

  click(selector: string): Promise<void> {
    return this.after(() => document.querySelector<HTMLElement>(selector)?.click());
  }

  say(text: string): Promise<void> {
    const input = document.querySelector<HTMLInputElement>("input[name=text]");
    if (input) input.value = text;
    return this.click("form button");
  }

  text(selector: string): string | undefined {
    return document.querySelector(selector)?.textContent ?? undefined;
  }

  get messages(): string[] {
    return [...document.querySelectorAll("li")].map((item) => item.textContent ?? "");
  }
}
