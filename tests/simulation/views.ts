import * as folded from "../apps/rows/routes/folded";
import * as home from "../apps/rows/routes/home";
import * as reloaded from "../apps/rows/routes/reloaded";
import * as shell from "../apps/rows/routes/shell";

/** The route table of the rows with its views at hand. */
export const entries = [
  {
    id: "routes/shell",
    loader: false,
    action: false,
    view: shell,
    children: [
      { id: "routes/home", index: true, loader: false, action: false, view: home },
      { id: "routes/folded", path: "folded", loader: true, action: true, view: folded },
      { id: "routes/reloaded", path: "reloaded", loader: true, action: true, view: reloaded },
    ],
  },
];
