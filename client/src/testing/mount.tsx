import { render } from "@testing-library/react";
import { type ReactNode, StrictMode } from "react";
import { createMemoryRouter } from "react-router";
import { RouterProvider } from "react-router/dom";
import { Tab, TabContext } from "../tab.js";
import { MemoryLine } from "./MemoryLine.js";

/** Components in a page that has nothing but them, in StrictMode. */
export function mount(children: ReactNode) {
  const line = new MemoryLine();
  const tab = new Tab(line);
  const router = createMemoryRouter([{ path: "/", element: children }]);
  const page = (
    <StrictMode>
      <TabContext value={tab}>
        <RouterProvider router={router} />
      </TabContext>
    </StrictMode>
  );
  return { line, ...render(page) };
}
