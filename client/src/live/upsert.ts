/** How the rows that a channel publishes are told apart, and which of two states of a row is the newer one. */
interface Rule {
  readonly key?: PropertyKey | undefined;
  readonly version?: PropertyKey | undefined;
}

const rules = new WeakMap<object, Rule>();

/** Lets `upsert` know what the channel of a publication has declared. */
export function remember(publication: unknown, { key, version }: Rule): void {
  const isDeclared = key !== undefined || version !== undefined;
  if (isDeclared && typeof publication === "object" && publication !== null)
    rules.set(publication, { key, version });
}

/**
 * The list with the item in it: in place of the one with the same key, or at the end. Doing it twice changes nothing,
 * which is what a reducer needs.
 *
 * A publication knows the `key` and `version` that its channel declares; without them the key is `id`. Where there is
 * a version, an older item never replaces a newer one.
 */
export function upsert<T extends object>(list: readonly T[], item: T): T[];
export function upsert<T extends object>(list: readonly T[], item: T, key: keyof T, version?: keyof T): T[];
export function upsert<T extends object>(
  list: readonly T[],
  item: T,
  key: keyof T = keyOf(item),
  version: keyof T | undefined = rules.get(item)?.version as keyof T | undefined,
): T[] {
  const index = list.findIndex((known) => known[key] === item[key]);
  const known = list[index];
  if (!known) return [...list, item];
  return version !== undefined && isOlder(item[version], known[version]) ? [...list] : list.with(index, item);
}

function keyOf<T extends object>(item: T): keyof T {
  const key = rules.get(item)?.key ?? "id";
  if (key in item) return key as keyof T;
  throw new Error(`upsert finds no "${String(key)}" in the item: name its key, as in upsert(list, item, "slug").`);
}

function isOlder(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") return a < b;
  return typeof a === "string" && typeof b === "string" && a < b;
}
