import { createContext, useContext } from "react";

/** The nonce of the document that is being rendered on the server; absent in the browser. */
export const NonceContext = createContext<string | undefined>(undefined);

/**
 * The nonce that an inline `<script>` or `<style>` of a view has to carry in production. Undefined where the
 * document has no Content Security Policy.
 *
 * A browser hides the attribute from scripts: give the element `suppressHydrationWarning`.
 */
export function useNonce(): string | undefined {
  return useContext(NonceContext) ?? ofDocument();
}

function ofDocument(): string | undefined {
  if (typeof document === "undefined") return undefined;
  return document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce || undefined;
}
