import { index, type RouteConfig, route } from "@react-router/dev/routes";

export default [
  route("items", "routes/items.tsx", [index("routes/none.tsx"), route(":item_id", "routes/item.tsx")]),
] satisfies RouteConfig;
