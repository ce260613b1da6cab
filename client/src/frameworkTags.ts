import type { ScriptsProps } from "react-router";

// In React Router's framework mode these write the tags of a build. Here the server puts those into every document,
// so that a root view which was written for that mode works as it is.

/** Renders nothing: the document has its script already, and its data. */
export function Scripts(_: ScriptsProps) {
  return null;
}

/** Renders nothing: the document has the style sheets of its views already. Write `<link>` for others. */
export function Links(_: { readonly nonce?: string }) {
  return null;
}

/** Renders nothing: write `<title>` and `<meta>` into any component. */
export function Meta() {
  return null;
}
