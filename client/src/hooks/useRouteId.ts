import { type ComponentType, createContext, createElement, useContext } from "react";

const RouteId = createContext<string | undefined>(undefined);

/** The id of the route whose view is around this component; undefined where another router renders the views. */
export function useRouteId(): string | undefined {
  return useContext(RouteId);
}

/** `Component` as the view of a route. */
export function inRoute(id: string, Component: ComponentType): ComponentType {
  return () => createElement(RouteId.Provider, { value: id }, createElement(Component));
}
