import { renderToString } from "react-dom/server.browser";
import { createStaticHandler, createStaticRouter, StaticRouterProvider } from "react-router";
import { type MarkedErrors, marked } from "./errors.js";
import { NonceContext } from "./nonce.js";
import { cover, type RouteEntry, routeObjects } from "./routes.js";
import { type RenderInput, staticContext } from "./server/context.js";

export type { RouteEntry, ViewModule } from "./routes.js";
export type { RenderInput } from "./server/context.js";

/** What Python gets back: the document, and the errors as the browser must find them in the page. */
export interface RenderOutput {
  readonly html: string;
  readonly errors: MarkedErrors | null;
  /** In development: whether rendering the page again made another document. */
  readonly varies?: boolean;
}

/**
 * A synchronous function from a page's data (JSON) to its document (JSON), for V8 inside the server process. Nothing of
 * one page is left in it for the next one, save what the views themselves keep in their modules.
 */
export function createRenderer(entries: readonly RouteEntry[]): (json: string) => string {
  const routes = routeObjects(entries);
  cover(routes);
  const handler = createStaticHandler(routes);
  return (json) => {
    const input = JSON.parse(json) as RenderInput;
    const context = staticContext(handler, input);
    const nonce = input.nonce ?? undefined;
    const document = () => {
      const router = createStaticRouter(handler.dataRoutes, context);
      return renderToString(
        <NonceContext value={nonce}>
          <StaticRouterProvider router={router} context={context} hydrate={false} {...(nonce ? { nonce } : {})} />
        </NonceContext>,
      );
    };
    const html = document();
    const varies = process.env.NODE_ENV !== "production" && document() !== html;
    return JSON.stringify({ html: titled(html), errors: marked(context.errors), varies } satisfies RenderOutput);
  };
}

const TITLE = /<title[^>]*>[^<]*<\/title>/g;

/** The document with the deepest view's title alone. Browsers take the first one, which is the outermost view's. */
function titled(html: string): string {
  const end = html.indexOf("</head>");
  const head = html.slice(0, end);
  const last = [...head.matchAll(TITLE)].at(-1)?.index;
  return head.replace(TITLE, (title, index) => (index === last ? title : "")) + html.slice(end);
}
