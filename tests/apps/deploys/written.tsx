/** All lines that were written. */
export function Written({ lines }: { lines: readonly string[] }) {
  return (
    <ul>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

/** The field of a form, and its button. */
export function Text({ button }: { button: string }) {
  return (
    <>
      <input name="text" aria-label={`${button}: text`} autoComplete="off" />
      <button>{button}</button>
    </>
  );
}
