import { Outlet } from "offhook";

export default function Guard() {
  return <Outlet />;
}
