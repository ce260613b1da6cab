import { posix } from "node:path";
import type { Plugin } from "vite";

/** Stands in rendered views for the place where the application is mounted; Python puts that in (pages/document.py). */
const ROOT = "/@offhook-root/";

/**
 * Addresses of the build's files that hold wherever the application is mounted: below `/shop/` as well as at `/`. In the
 * browser they are relative to the script that names them, and the same paths as those in the rendered document.
 */
export function files(): Plugin {
  return {
    name: "offhook:files",
    apply: "build",
    config: () => ({
      experimental: {
        renderBuiltUrl(file, { hostId, hostType, ssr }) {
          if (ssr) return `${ROOT}${file}`;
          if (hostType !== "js") return { relative: true };
          const relative = posix.relative(posix.dirname(hostId), file);
          return { runtime: `new URL(${JSON.stringify(relative)}, import.meta.url).pathname` };
        },
      },
    }),
  };
}
