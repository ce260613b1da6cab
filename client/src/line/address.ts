/**
 * The WebSocket address for a path or URL, relative to the page: `wss` where the page is `https`. Browsers refuse
 * anything less from such a page, without saying so to the script; only the machine itself is trusted.
 */
export function socketAddress(url: string, page: string = location.href): string {
  const address = new URL(url, page);
  if (address.protocol === "http:") address.protocol = "ws:";
  if (address.protocol === "https:") address.protocol = "wss:";
  if (address.protocol === "ws:" && page.startsWith("https:") && !isLoopback(address.hostname)) {
    throw new Error(
      `A page that came by https cannot open ${address.href}: write wss:// or, for its own server, just the path.`,
    );
  }
  return address.href;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
