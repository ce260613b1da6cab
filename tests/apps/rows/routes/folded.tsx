import { upsert, useLive, useLiveAction } from "offhook";
import { Fields, type Row, Rows } from "../components";
import type { Route } from "./+types/folded";

interface Input {
  readonly id: string;
  readonly text: string;
}

/** A new row has no id yet: until it is there, it is shown by what it says. */
function edited(rows: Row[], { id, text }: Input): Row[] {
  return rows.map((row) => (String(row.id) === id ? { ...row, text } : row));
}

export default function Folded() {
  const { rows } = useLive<Route.Live>((page, row) => ({ ...page, rows: upsert(page.rows, row) }));
  const { submit, pending } = useLiveAction<Route.Live, Input>((page, input) => ({
    ...page,
    rows: edited(page.rows, input),
  }));
  return (
    <form
      data-pending={pending}
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <Fields />
      <Rows of={rows} />
    </form>
  );
}
