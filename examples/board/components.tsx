import { Form, type Member, useNavigation } from "offhook";
import { type DragEvent, type FormEvent, type ReactNode, useEffect, useRef } from "react";
import { cardsIn, type Move, type Place, ways } from "./places";
import type { Card, Column, Refused, Route } from "./routes/+types/board";

type MoveCard = (move: Move) => void;

export function People({ of, saving }: { of: readonly Member[]; saving: boolean }) {
  return (
    <ul className="people" aria-label="Looking at the board" data-saving={saving}>
      {of.map(({ user }) => (
        <li key={user}>{user}</li>
      ))}
    </ul>
  );
}

/** Why the last change was not made. */
export function Notice({ of }: { of: unknown }) {
  if (of === undefined || of === null) return null;
  return (
    <p className="error" role="alert">
      {hasReason(of) ? of.reason : "That could not be saved; everything is as it was before."}
    </p>
  );
}

function hasReason(answer: unknown): answer is Refused {
  return typeof answer === "object" && answer !== null && "reason" in answer;
}

export function Columns({ of: { columns, cards }, move }: { of: Route.LoaderData; move: MoveCard }) {
  const keepFocus = useKeptFocus(cards);
  return (
    <div className="columns">
      {columns.map((column) => (
        <Lane key={column.id} of={column} count={cardsIn(cards, column.id).length} move={move}>
          {cardsIn(cards, column.id).map((card) => (
            <li key={card.id} data-card={card.id} draggable onDragStart={(event) => drag(event, card)}>
              <span>{card.title}</span>
              {Object.entries(ways(card, cards, columns)).map(([way, to]) => (
                <MoveButton
                  key={way}
                  card={card}
                  way={way}
                  to={to}
                  move={move}
                  onMove={() => keepFocus(card, way)}
                />
              ))}
            </li>
          ))}
        </Lane>
      ))}
    </div>
  );
}

function Lane({
  of: column,
  count,
  move,
  children,
}: {
  of: Column;
  count: number;
  move: MoveCard;
  children: ReactNode;
}) {
  return (
    <section
      className="lane"
      aria-label={column.title}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => drop(event, column, move)}
    >
      <h2>
        {column.title} <small>{column.limit === null ? count : `${count} of ${column.limit}`}</small>
      </h2>
      <ol>{children}</ol>
      <AddCard key={count} to={column} />
    </section>
  );
}

const ARROWS: Record<string, string> = { left: "←", up: "↑", down: "↓", right: "→" };

interface MoveButtonProps {
  card: Card;
  way: string;
  to: Place;
  move: MoveCard;
  onMove: () => void;
}

/** A form, so that it works before, and without, JavaScript; with it nobody waits for the answer. */
function MoveButton({ card, way, to, move, onMove }: MoveButtonProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onMove();
    move({ intent: "move", card: card.id, ...to });
  };
  return (
    <Form method="post" action="/?index" onSubmit={submit} className={way}>
      <input type="hidden" name="intent" value="move" />
      <input type="hidden" name="card" value={card.id} />
      <input type="hidden" name="column" value={to.column} />
      <input type="hidden" name="before" value={to.before ?? ""} />
      <button data-way={way} aria-label={`${card.title}: ${way}`}>
        {ARROWS[way]}
      </button>
    </Form>
  );
}

function AddCard({ to }: { to: Column }) {
  return (
    <Form method="post" action="/?index" className="add">
      <input type="hidden" name="intent" value="add" />
      <input type="hidden" name="column" value={to.id} />
      <input
        name="title"
        aria-label={`New card in ${to.title}`}
        placeholder="New card"
        autoComplete="off"
        required
      />
      <button disabled={useNavigation().state !== "idle"}>Add</button>
    </Form>
  );
}

function drag(event: DragEvent, card: Card): void {
  event.dataTransfer.setData("text/plain", String(card.id));
  event.dataTransfer.effectAllowed = "move";
}

/** Where the pointer is: before the card under its upper half, after the one under its lower half, or at the end. */
function drop(event: DragEvent, column: Column, move: MoveCard): void {
  event.preventDefault();
  const card = Number(event.dataTransfer.getData("text/plain"));
  const under = (event.target as Element).closest<HTMLElement>("[data-card]");
  const { top = 0, height = 0 } = under?.getBoundingClientRect() ?? {};
  const next = event.clientY < top + height / 2 ? under : under?.nextElementSibling;
  const before = next instanceof HTMLElement ? Number(next.dataset.card) : null;
  if (card && before !== card) move({ intent: "move", card, column: column.id, before });
}

/** A card that changes its column is another element: whoever moved it by the keyboard goes on from there. */
function useKeptFocus(cards: readonly Card[]): (card: Card, way: string) => void {
  const last = useRef<{ card: number; way: string }>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus can be lost whenever the cards change
  useEffect(() => {
    if (!last.current || document.activeElement !== document.body) return;
    const moved = document.querySelector(`[data-card="${last.current.card}"]`);
    const button = moved?.querySelector<HTMLElement>(`[data-way="${last.current.way}"]`);
    (button ?? moved?.querySelector("button"))?.focus();
  }, [cards]);
  return ({ id }, way) => {
    last.current = { card: id, way };
  };
}
