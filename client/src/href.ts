import { href as routerHref } from "react-router";
import type { Paths } from "./types.js";

type Value = string | number | boolean | null | undefined;
type Path = keyof Paths extends never ? string : keyof Paths;
type Params<P> = P extends keyof Paths ? Paths[P] : Readonly<Record<string, Value>>;

/**
 * The address of a route: `href("/rooms/:room_id", { room_id: 1 })`. Values are encoded so that the route gets them
 * back as they were. React Router's `href`, typed with the routes of the application. Optional segments without a
 * parameter are written out.
 *
 * @throws {Error} a parameter is missing, or no address can have its value: `""`, `"."` and `".."` are no segments.
 */
export function href<P extends Path>(
  path: P,
  ...[params]: Record<string, never> extends Params<P> ? [params?: Params<P>] : [params: Params<P>]
): string {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries((params ?? {}) as Readonly<Record<string, Value>>)) {
    if (value == null) continue;
    const text = String(value);
    if (!(name === "*" ? isTail(text) : isSegment(text)))
      throw new Error(`No address of "${path}" can have ${JSON.stringify(text)} for "${name}".`);
    texts[name] = text;
  }
  return routerHref(path.replace(/(\/[^/:?]+)\?(?=\/|$)/g, "$1"), texts);
}

// React Router takes "%2F" for a slash also after it has decoded a segment.
function isSegment(text: string): boolean {
  return !["", ".", ".."].includes(text) && !text.includes("%2F") && text.isWellFormed();
}

/** Whether a splat can be this: segments, of which the last may be empty; it ends at the end of a line. */
function isTail(text: string): boolean {
  const segments = text.replace(/\/$/, "").split("/");
  return text === "" || (segments.every(isSegment) && !/[\n\r\u2028\u2029]/.test(text));
}
