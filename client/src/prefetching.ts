import { createContext } from "react";

/** Loads what a navigation to an address is going to need. Does nothing outside of a hydrated page. */
export const PrefetchContext = createContext<(href: string) => void>(() => {});
