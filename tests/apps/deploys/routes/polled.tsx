import { useLive } from "offhook";
import { Written } from "../written";
import type { Route } from "./+types/polled";

export default function Polled() {
  return <Written lines={useLive<{ data: Route.LoaderData }>({ every: "1s" })} />;
}
