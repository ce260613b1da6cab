import type { ComponentPropsWithRef } from "react";
import { useHydrated } from "./hooks/useHydrated.js";

export interface LocalTimeProps extends Omit<ComponentPropsWithRef<"time">, "dateTime" | "children"> {
  /** A moment: a date, a text of ISO 8601 with its zone, or milliseconds since 1970. */
  readonly value: Date | string | number;
  /** What to show of it, as in `Intl.DateTimeFormat`. */
  readonly options?: Intl.DateTimeFormatOptions;
  /** The language; the user's own by default. */
  readonly locale?: string;
}

/**
 * A moment in the user's zone and language, which the server does not have: the document shows it in UTC.
 *
 * @throws RangeError if `value` is no moment.
 */
export function LocalTime({ value, options, locale, ...attributes }: LocalTimeProps) {
  const isHydrated = useHydrated();
  const moment = new Date(value);
  const iso = moment.toISOString();
  return (
    <time {...attributes} dateTime={iso}>
      {isHydrated ? moment.toLocaleString(locale, options) : `${iso.slice(0, 16).replace("T", " ")} UTC`}
    </time>
  );
}
