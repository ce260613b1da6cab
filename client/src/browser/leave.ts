/** Loads another document, or this one anew: an address that differs by its fragment alone would load nothing. */
export function leave(href: string, here: Pick<Location, "href" | "assign" | "reload"> = location): void {
  if (withoutFragment(href) === withoutFragment(here.href)) here.reload();
  else here.assign(href);
}

function withoutFragment(href: string): string | undefined {
  return href.split("#", 1)[0];
}
