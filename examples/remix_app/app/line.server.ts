/** Offhook's HTTP API: all that this server knows of the line. */
const API = process.env.OFFHOOK_API ?? "http://127.0.0.1:8000/api";

export interface ChannelPosition {
  readonly channel: string;
  readonly offset: number;
  readonly epoch: string;
}

/** Where the channel's stream ends now. Ask before the data is read, so that nothing falls between the two. */
export async function position(channel: string): Promise<ChannelPosition> {
  return { channel, ...(await call<Omit<ChannelPosition, "channel">>("position", { channel })) };
}

export async function publish(channel: string, data: unknown): Promise<void> {
  await call("publish", { channel, data });
}

async function call<Result>(verb: string, body: object): Promise<Result> {
  const answer = await fetch(`${API}/${verb}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": process.env.OFFHOOK_API_KEY ?? "" },
    body: JSON.stringify(body),
  });
  const { result, error } = await answer.json();
  if (error) throw new Error(`${verb}: ${error.message}`);
  return result;
}
