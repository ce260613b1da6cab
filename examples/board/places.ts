import type { Card, Column, Route } from "./routes/+types/board";

export type Move = Extract<Route.Form, { intent: "move" }>;
export type Place = { column: string; before: number | null };

/** The cards of a column, from the top. */
export function cardsIn(cards: readonly Card[], column: string): Card[] {
  return cards.filter((card) => card.column === column).sort((a, b) => a.rank - b.rank || a.id - b.id);
}

/** What the board looks like once a move has been made: the server's rule, told in advance. */
export function moved(board: Route.LoaderData, { card, column, before }: Move): Route.LoaderData {
  const others = cardsIn(board.cards, column).filter(({ id }) => id !== card);
  const index = others.findIndex(({ id }) => id === before);
  const at = index < 0 ? others.length : index;
  const rank = between(others[at - 1]?.rank, others[at]?.rank);
  return { ...board, cards: board.cards.map((each) => (each.id === card ? { ...each, column, rank } : each)) };
}

function between(above: number | undefined, below: number | undefined): number {
  if (above === undefined) return below === undefined ? 0 : below - 1;
  return below === undefined ? above + 1 : (above + below) / 2;
}

/** Where a card can go from its place, one step at a time. */
export function ways(card: Card, cards: readonly Card[], columns: readonly Column[]): Record<string, Place> {
  const { column } = card;
  const lane = columns.findIndex(({ id }) => id === column);
  const others = cardsIn(cards, column);
  const at = others.findIndex(({ id }) => id === card.id);
  const [above, below, afterBelow] = [others[at - 1], others[at + 1], others[at + 2]];
  const [left, right] = [columns[lane - 1], columns[lane + 1]];
  return {
    ...(left && { left: { column: left.id, before: null } }),
    ...(above && { up: { column, before: above.id } }),
    ...(below && { down: { column, before: afterBelow?.id ?? null } }),
    ...(right && { right: { column: right.id, before: null } }),
  };
}
