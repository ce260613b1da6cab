import { createRequire } from "node:module";
import type { Plugin } from "vite";

const PREFIX = "\0offhook:constants:";
/** What a view calls for each of its elements and hooks. */
const OFTEN_USED = /^react(\/jsx-(dev-)?runtime)?$/;
/** What another package under React's name may have too. */
const UNNAMED = ["default", "__esModule"];

/**
 * Makes React's exports constants in the bundle for documents. React is CommonJS, whose exports a bundler reads
 * through a getter at each use: without this a quarter of the time for a document goes into `jsx` and `useContext`
 * before they are even called (`decisions/0013`).
 */
export function constants(): Plugin {
  return {
    name: "offhook:constants",
    apply: (_, { isSsrBuild }) => isSsrBuild === true,
    enforce: "pre",
    resolveId: {
      filter: { id: OFTEN_USED },
      async handler(source, importer, { kind }) {
        // Who calls "require" wants the module itself, and so do we.
        if (kind !== "import-statement" || importer?.startsWith(PREFIX)) return undefined;
        const module = await this.resolve(source, importer, { skipSelf: true });
        return module && isCommonJs(module.id) ? PREFIX + module.id : module;
      },
    },
    load(id) {
      return id.startsWith(PREFIX) ? exportsOf(id.slice(PREFIX.length)) : undefined;
    },
  };
}

/** Something that an application puts in React's place is left as it is. */
function isCommonJs(file: string): boolean {
  return /\/node_modules\/react\/[^?]+\.js$/.test(file);
}

function exportsOf(file: string): string {
  const names = Object.keys(createRequire(file)(file) as object).filter((name) => !UNNAMED.includes(name));
  return [
    `import * as module from ${JSON.stringify(file)};`,
    `export { default } from ${JSON.stringify(file)};`,
    `export const { ${names.join(", ")} } = module;`,
    "",
  ].join("\n");
}
