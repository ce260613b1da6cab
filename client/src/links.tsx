import { type RefAttributes, useContext, useEffect, useImperativeHandle, useRef } from "react";
import {
  type LinkProps,
  type NavLinkProps,
  type PageLinkDescriptor,
  Link as RouterLink,
  NavLink as RouterNavLink,
  useHref,
} from "react-router";
import { PrefetchContext } from "./prefetching.js";

/** Milliseconds for which somebody has to mean a link before it is prepared. */
const INTENT = 100;

/**
 * React Router's `Link`, whose `prefetch` loads the view and the data that the navigation is going to need: `"intent"`
 * when somebody points at it or focuses it, `"viewport"` when it is seen, `"render"` when it is there.
 */
export function Link(props: LinkProps & RefAttributes<HTMLAnchorElement>) {
  // A page has many links, and most of them prepare nothing: they cost no more than React Router's.
  return prepares(props) ? <PreparingLink {...props} /> : <RouterLink {...props} />;
}

function PreparingLink(props: LinkProps & RefAttributes<HTMLAnchorElement>) {
  return <RouterLink {...usePrefetching(props)} />;
}

/** React Router's `NavLink`, which prefetches as `Link` does. */
export function NavLink(props: NavLinkProps & RefAttributes<HTMLAnchorElement>) {
  return prepares(props) ? <PreparingNavLink {...props} /> : <RouterNavLink {...props} />;
}

function PreparingNavLink(props: NavLinkProps & RefAttributes<HTMLAnchorElement>) {
  return <RouterNavLink {...usePrefetching(props)} />;
}

function prepares({ prefetch }: Pick<LinkProps, "prefetch">): boolean {
  return prefetch !== undefined && prefetch !== "none";
}

/** Loads what a navigation to `page` is going to need, as a link with `prefetch="render"` does. */
export function PrefetchPageLinks({ page }: PageLinkDescriptor) {
  const prefetch = useContext(PrefetchContext);
  useEffect(() => prefetch(page), [prefetch, page]);
  return null;
}

type Handlers = "onClick" | "onFocus" | "onBlur" | "onMouseEnter" | "onMouseLeave" | "onTouchStart";
type Prefetching = Pick<LinkProps, "to" | "relative" | "reloadDocument" | "prefetch" | Handlers> &
  RefAttributes<HTMLAnchorElement>;

function usePrefetching<Props extends Prefetching>({ prefetch: when, ref, ...props }: Props) {
  const prefetch = useContext(PrefetchContext);
  const anchor = useRef<HTMLAnchorElement>(null);
  const intent = useRef<ReturnType<typeof setTimeout>>(undefined);
  const href = useAddress(props.to, props.relative, props.reloadDocument);
  useImperativeHandle(ref, () => anchor.current as HTMLAnchorElement);
  useEffect(() => () => clearTimeout(intent.current), []);
  useEffect(() => {
    if (href === undefined || !anchor.current) return;
    if (when === "render") prefetch(href);
    if (when === "viewport") return whenSeen(anchor.current, () => prefetch(href));
  }, [when, href, prefetch]);
  if (when !== "intent" || href === undefined) return { ...props, ref: anchor };
  const begin = (delay: number) => {
    clearTimeout(intent.current);
    intent.current = setTimeout(() => prefetch(href), delay);
  };
  const end = () => clearTimeout(intent.current);
  return {
    ...props,
    ref: anchor,
    onClick: both(props.onClick, end), // the navigation asks by itself
    onFocus: both(props.onFocus, () => begin(INTENT)),
    onBlur: both(props.onBlur, end),
    onMouseEnter: both(props.onMouseEnter, () => begin(INTENT)),
    onMouseLeave: both(props.onMouseLeave, end),
    onTouchStart: both(props.onTouchStart, () => begin(0)),
  };
}

/** Where a link leads to; undefined where the browser loads a document. */
function useAddress(
  to: LinkProps["to"],
  relative: LinkProps["relative"],
  reloadDocument: boolean | undefined,
): string | undefined {
  const href = useHref(to, relative ? { relative } : {});
  if (reloadDocument) return undefined;
  return typeof to === "string" && /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(to) ? to : href;
}

function both<Event extends { readonly defaultPrevented: boolean }>(
  theirs: ((event: Event) => void) | undefined,
  ours: () => void,
): (event: Event) => void {
  return (event) => {
    theirs?.(event);
    if (!event.defaultPrevented) ours();
  };
}

function whenSeen(element: Element, callback: () => void): () => void {
  const observer = new IntersectionObserver(
    (entries) => entries.some(({ isIntersecting }) => isIntersecting) && callback(),
    { threshold: 0.5 },
  );
  observer.observe(element);
  return () => observer.disconnect();
}
