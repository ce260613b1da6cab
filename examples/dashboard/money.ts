/** Cents as people write them. */
export const money = (cents: number) => `€ ${(cents / 100).toFixed(2)}`;
