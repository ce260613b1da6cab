import { readFileSync } from "node:fs";
import { matchRoutes, type RouteObject } from "react-router";
import { beforeEach, expect, test, vi } from "vitest";

// The corpus that Python's matcher runs too: the two have to agree on every row.
interface Corpus {
  readonly tables: Readonly<Record<string, RouteObject[]>>;
  readonly rows: readonly {
    readonly table: string;
    readonly url: string;
    readonly ids: readonly string[] | null;
    readonly params: Readonly<Record<string, string>> | null;
  }[];
}

const file = new URL("../../tests/corpus/matching.json", import.meta.url);
const { tables, rows } = JSON.parse(readFileSync(file, "utf8")) as Corpus;

// React Router warns of malformed percent-encodings, which the corpus has on purpose.
beforeEach(() => void vi.spyOn(console, "warn").mockReturnValue());

test.each(rows)("$table: $url", ({ table, url, ids, params }) => {
  const matches = matchRoutes(tables[table] ?? [], url);
  expect(matches?.map(({ route }) => route.id) ?? null).toEqual(ids);
  expect(matches?.at(-1)?.params ?? null).toEqual(params);
});
