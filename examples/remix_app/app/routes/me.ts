import { userOf } from "../sessions.server";
import type { Route } from "./+types/me";

/** Who the cookie of this request belongs to. Offhook asks when somebody opens a line. */
export async function loader({ request }: Route.LoaderArgs) {
  return Response.json({ name: await userOf(request) }, { headers: { "Cache-Control": "no-store" } });
}
