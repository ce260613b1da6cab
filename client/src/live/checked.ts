import type { Apply } from "./fold.js";

const warned = new Set<string>();

/**
 * In development every change is made twice: a publication that the loader has seen already may come once more, and
 * must then change nothing; the same holds for an optimistic change whose publication is there already.
 */
export function checked<Data>(apply: Apply<Data>, routeId: string, name = "reducer"): Apply<Data> {
  if (process.env.NODE_ENV === "production") return apply;
  return (data, publication) => {
    const once = apply(data, publication);
    const what = `the ${name} of route "${routeId}"`;
    if (!warned.has(what) && !equal(once, apply(once, publication))) {
      warned.add(what);
      console.warn(
        `Offhook: ${what} is not idempotent. The same publication, applied twice, changed ` +
          "the data twice; it would be shown twice. Replace what the publication is about, as upsert does.",
      );
    }
    return once;
  };
}

/** Deep equality of JSON values. */
export function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const entries = Object.entries(a);
  const other: Readonly<Record<string, unknown>> = { ...b };
  return (
    entries.length === Object.keys(other).length && entries.every(([k, v]) => k in other && equal(v, other[k]))
  );
}
