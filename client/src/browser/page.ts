import type { RouteError } from "../errors.js";
import type { LivePositions } from "../live/views.js";

/** What the server has put into the document, as JSON, for the browser to go on with. */
export interface PageData {
  readonly build: string;
  readonly loaderData: Readonly<Record<string, unknown>>;
  readonly actionData?: Readonly<Record<string, unknown>> | null;
  readonly errors?: Readonly<Record<string, RouteError>> | null;
  readonly live?: LivePositions;
  readonly line?: LineInfo | null;
  /** Where the application is mounted, such as `/shop`; absent at the root. */
  readonly root?: string;
}

export interface LineInfo {
  readonly url: string;
  /** A mark of who is signed in: null for nobody, absent where the server did not look. */
  readonly user?: string | null;
}

export function readPage(document: Document): PageData {
  const text = document.getElementById("offhook-page")?.textContent;
  if (!text) throw new Error("This document has no Offhook page data: it was not made by an Offhook server.");
  return JSON.parse(text) as PageData;
}

/** Whether there is something in the document but the page's data. */
export function isRendered(document: Document): boolean {
  return document.body.firstElementChild?.id !== "offhook-page";
}
