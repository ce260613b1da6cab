/** Exports that mean something in React Router's framework mode and nothing here, with what to do instead. */
const UNREAD: Readonly<Record<string, string>> = {
  loader: "a loader that runs on the server stands in the route's Python module",
  action: "an action that runs on the server stands in the route's Python module",
  middleware: "middleware stands in the route's Python module",
  headers: "headers stand in the route's Python module",
  meta: "write <title> and <meta> into the component, React puts them into the head",
  links: "write <link> into the component, React puts it into the head",
};

const warned = new Set<string>();

/** Warns of exports that nobody reads, while somebody develops. */
export function warnOfUnread(id: string, view: object): void {
  if (process.env.NODE_ENV === "production" || typeof document === "undefined") return;
  for (const name of Object.keys(view).filter((name) => name in UNREAD && !warned.has(`${id} ${name}`))) {
    warned.add(`${id} ${name}`);
    console.warn(`Offhook: the view of route "${id}" exports "${name}": ${UNREAD[name]}.`);
  }
}
