/** Which build the browser runs. */
export const build = "old";
