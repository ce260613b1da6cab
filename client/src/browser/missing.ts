import { isViewError } from "../routes.js";

/** What a page had loaded a document for; kept for this tab, so that a chunk that is really missing ends no loop. */
const KEY = "offhook:missing";

/**
 * A part of a page (`React.lazy`) is loaded from a build that the server has no longer: the document is loaded, once
 * for each build, because React can show nothing but an error in that place. Without a network nothing is loaded.
 */
export function recoverMissingParts(build: string, leave: (href: string) => void): void {
  addEventListener("vite:preloadError", ({ payload }) => {
    // A view's own import has failed first; who wants the view decides about that (dataStrategy.ts).
    setTimeout(() => {
      if (isViewError(payload) || !navigator.onLine || sessionStorage.getItem(KEY) === build) return;
      sessionStorage.setItem(KEY, build);
      leave(location.href);
    });
  });
}

declare global {
  interface WindowEventMap {
    /** Vite tells of a dynamic import that failed, before the import rejects. */
    "vite:preloadError": Event & { readonly payload: unknown };
  }
}
