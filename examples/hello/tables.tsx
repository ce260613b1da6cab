export type Row = { step: number; action: string; client: string; server: string; message: string; result: string };
export type Change = { step: number; client: string; server: string; sent: string; received: string };
export type Tables = { rows: Row[]; changes: Change[] };

export function Steps({ rows }: { rows: Row[] }) {
  const heads = ["Step", "Action", "Client state", "Server state", "Message exchanged", "Result"];
  const lines = rows.map((row) => [row.step, row.action, row.client, row.server, row.message, row.result]);
  return <Table id="steps" caption="Step by step" heads={heads} lines={lines} />;
}

export function Changes({ changes }: { changes: Change[] }) {
  const heads = ["Step", "Client state", "Server state", "Last message sent", "Last message received"];
  const lines = changes.map((change) => [change.step, change.client, change.server, change.sent, change.received]);
  return <Table id="changes" caption="How it changed" heads={heads} lines={lines} />;
}

type Cells = (string | number)[];

function Table({ id, caption, heads, lines }: { id: string; caption: string; heads: string[]; lines: Cells[] }) {
  return (
    <div className="table">
      <table id={id}>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((cells) => (
            <tr key={cells[0]}>
              {cells.map((cell, column) => (
                <td key={heads[column]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
