import { upsert, useActionData, useLive, useLiveAction, usePresence } from "offhook";
import { Columns, Notice, People } from "../components";
import { type Move, moved } from "../places";
import type { Route } from "./+types/board";

export default function Board() {
  const board = useLive<Route.Live>((board, card) => ({ ...board, cards: upsert(board.cards, card) }));
  const move = useLiveAction<Route.Live, Move>(moved);
  const { members } = usePresence<Route.Live>();
  const answer = useActionData<Route.ActionData>();
  return (
    <>
      <title>Board · Offhook</title>
      <header className="over">
        <h1>Board</h1>
        <People of={members} saving={move.pending > 0} />
        <Notice of={move.error ? move.error.data : answer} />
      </header>
      <Columns of={board} move={move.submit} />
    </>
  );
}
