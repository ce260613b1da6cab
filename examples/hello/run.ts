import { useChannel, useWebSocket } from "offhook";
import { useEffect, useEffectEvent, useState } from "react";
import type { Tables } from "./tables";

export type Ending = "client" | "server";
type Report = (kind: string, state: string, text?: string) => void;

/** One walk-through: dials, says hello, and follows the tables that both ends of the line report. */
export function useRun(ending: Ending): Tables {
  const [id] = useState(() => Math.random().toString(36).slice(2));
  const [tables, setTables] = useState<Tables>({ rows: [], changes: [] });
  const { status, publish } = useChannel<Tables>(`run:${id}`, {
    onPublication: ({ data }) => setTables((tables) => (data.rows.length > tables.rows.length ? data : tables)),
  });
  const report: Report = (kind, state, text = "") => void publish({ side: "client", kind, state, text });
  useClient(status === "subscribed" ? `/?run=${id}` : null, ending, report);
  return tables;
}

function useClient(url: string | null, ending: Ending, report: Report): void {
  const { status, send, close } = useWebSocket(url, {
    onMessage: (answer) => {
      report("received", "open", String(answer));
      report("waiting", "open");
      if (ending === "server") send("Goodbye Server");
      else close();
    },
  });
  const follow = useEffectEvent(() => {
    if (status === "connecting") report("created", "connecting");
    if (status === "closed") report("closed", "closed", ending);
    if (status === "open") {
      report("accepted", "open");
      send("Hello Server");
      report("sent", "open", "Hello Server");
    }
  });
  useEffect(() => {
    if (url !== null) follow();
  }, [url, status]);
}
