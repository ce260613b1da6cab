import { index, type RouteConfig, route } from "@react-router/dev/routes";

export default [
  index("routes/questions.tsx"),
  route("sign-in", "routes/sign-in.tsx"),
  route("me", "routes/me.ts"),
] satisfies RouteConfig;
