export interface Row {
  readonly id: number;
  readonly text: string;
  readonly rev: number;
}

/** In the order of the ids, which need not be the order in which rows were published. */
export function Rows({ of }: { of: readonly Row[] }) {
  return (
    <ol>
      {of
        .toSorted((a, b) => a.id - b.id)
        .map(({ id, text, rev }) => (
          <li key={id}>
            {id} {text} {rev}
          </li>
        ))}
    </ol>
  );
}

const EMPTY = { id: "0", text: "", how: "plain", before: "0", after: "0" };

export function Fields() {
  return (
    <>
      {Object.entries(EMPTY).map(([name, value]) => (
        <input key={name} name={name} aria-label={name} autoComplete="off" defaultValue={value} />
      ))}
      <button>Change</button>
    </>
  );
}
